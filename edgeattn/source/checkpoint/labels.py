"""The names that a checkpoint's config.json has for its labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor


class Labels:
    """Names by place, and places by name.

    Args:
        names: By place.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)

    @classmethod
    def of(cls, folder: Path) -> Labels:
        """Return those of ``id2label`` in a folder's config.json."""
        named = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("id2label") or {}
        names = [str(named[key]) for key in sorted(named, key=int)]
        return cls(names or ["LABEL_0", "LABEL_1"])  # which is what transformers takes for two labels

    @staticmethod
    def prediction(folder: Path) -> dict[str, str]:
        """Return how a folder's classes are scored: each by itself where an answer has several labels."""
        problem = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("problem_type")
        return {
            "kind": "classes",
            "scores": "sigmoid" if problem == "multi_label_classification" else "softmax",
        }

    def place(self, row: int, label: object) -> int:
        """Return the place of a label, called by its name or its number.

        Raises:
            ValueError: There is none of this name.
        """
        name = str(label)
        if name in self.names:
            return self.names.index(name)
        if name.isdecimal() and int(name) < len(self.names):
            return int(name)
        shown = ", ".join(self.names[:5])
        more = f" and {len(self.names) - 5} more" if self.names[5:] else ""
        raise ValueError(f"row {row}: label {name!r} found, one of {shown}{more} expected")

    def pretty(self, logits: Tensor) -> str:
        """Say the likeliest label of scores (labels,), and how sure it is, such as "positive (98 %)"."""
        certainty, place = torch.softmax(logits, dim=-1).max(dim=-1)
        return f"{self.names[int(place)]} ({100 * certainty:.0f} %)"
