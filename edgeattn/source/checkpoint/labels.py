"""The names that a checkpoint's config.json has for its labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from edgeattn.source.checkpoint.own_files import read_json


class Labels:
    """Names by place, and places by name.

    Args:
        names: By place.
        scores: What makes shares of an answer's scores: "sigmoid" where it may have several labels.
    """

    def __init__(self, names: Sequence[str], scores: str = "softmax") -> None:
        self.names, self.scores = list(names), scores

    @classmethod
    def of(cls, folder: Path) -> Labels:
        """Return those of ``id2label`` in a folder's config.json."""
        config = read_json(folder / "config.json")
        named = config.get("id2label") or {}
        names = [str(named[key]) for key in sorted(named, key=int)]
        several = config.get("problem_type") == "multi_label_classification"
        # Two labels without names are those of transformers' default.
        return cls(names or ["LABEL_0", "LABEL_1"], "sigmoid" if several else "softmax")

    def place(self, label: object) -> int:
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
        raise ValueError(f"label {name!r} found, one of {shown}{more} expected")

    def pretty(self, logits: Tensor) -> str:
        """Say the likeliest label of scores (labels,), and how sure it is, such as "positive (98 %)"."""
        certainty, place = torch.softmax(logits, dim=-1).max(dim=-1)
        return f"{self.names[int(place)]} ({100 * certainty:.0f} %)"
