"""What every task has: the attributes of a model's file."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import yaml
from torch import Tensor, nn

from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.token_counts import TokenCounts

CARD_KEYS = ("license", "license_name", "license_link", "language", "base_model", "datasets", "pipeline_tag")


class Task(ABC):
    """A checkpoint and its samples, ready to be exported.

    Args:
        folder: The checkpoint.
        rows: By role, those of ``needed`` and some of ``optional``.

    Attributes:
        needed: Roles that each row has.
        optional: Roles that rows may have.
        judged_by: The role of a sample's target, where rows have one.
        network: The checkpoint's, with its weights.
        dynamic: Axis names by input.
        metric: Of a sample's outputs and its target, higher is better; None where rows have no targets.
        card: What its README says for a hub.
        processing: What the bundle says of raw data and labels; None for nothing.
        token_counts: What becomes of the samples' texts; None where there are none.
        generation: Its defaults of generation; None without any.
        budget: Limits that hold where a caller names no others; None for none.
    """

    needed: ClassVar[Sequence[str]] = ()
    optional: ClassVar[Sequence[str]] = ()

    network: nn.Module
    judged_by: str = ""
    dynamic: Mapping[str, Sequence[str | None]] | None = None
    metric: Callable[[Any, Any], float] | None = None
    processing: dict[str, Any] | None = None
    token_counts: TokenCounts | None = None
    generation: dict[str, Any] | None = None
    budget: dict[str, float] | None = None

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        self.folder, self.rows = folder, rows
        self.card = card_of(folder)

    def has(self, role: str) -> bool:
        """Say whether rows have a column of this role."""
        return bool(self.rows) and role in self.rows[0]

    def add_processing(self, **parts: Mapping[str, Any] | None) -> None:
        """Add to ``processing`` what is not None."""
        steps = {name: part for name, part in parts.items() if part is not None}
        self.processing = {**(self.processing or {}), **steps} or None

    def model(self) -> nn.Module:
        """Return the network, in eval mode."""
        return self.network.eval()

    def samples(self) -> Iterator[object]:
        """Yield the inputs of each row, or pairs of these and a target."""
        for i, row in enumerate(self.rows):
            inputs = self.inputs(row)
            if self.judged_by not in row:
                yield inputs
                continue
            try:
                yield inputs, self.target(row)
            except ValueError as error:
                raise ValueError(f"row {i}: {error}") from error

    @abstractmethod
    def inputs(self, row: Row) -> Mapping[str, Tensor]:
        """Return the inputs of a row, with a batch of 1."""

    def target(self, row: Row) -> object:
        """Return what an answer to a row is compared with; raises ValueError where that is wrong."""
        return row[self.judged_by]

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield raw inputs in the order of the samples; none where the bundle prepares none."""
        yield from ()

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Show how the first output begins."""
        first = next(iter(outputs.values())).flatten()
        return f"[{' '.join(f'{number:+.3f}' for number in first[:3].tolist())} ...] of {first.numel()}"


def card_of(folder: Path) -> dict[str, str | list[str]]:
    """Return of a README's front matter what holds for the bundle too; nothing where there is none."""
    file = folder / "README.md"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    front = re.match(r"---\n(.*?)\n---\s*\n", text, re.DOTALL)
    content = yaml.safe_load(front[1]) if front is not None else None
    table = content if isinstance(content, dict) else {}
    return {name: table[name] for name in CARD_KEYS if _is_text(table.get(name))}


def _is_text(value: object) -> bool:
    """Say whether it is a text or a list of texts."""
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    )
