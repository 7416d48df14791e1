"""What every task has: the attributes of a model's file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor, nn

from edgeattn.source.checkpoint.model_card import card_of
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.token_counts import TokenCounts


class Task(ABC):
    """A checkpoint and its samples, ready to be exported.

    Args:
        folder: The checkpoint.
        rows: By role, those of ``needed`` and some of ``optional``.

    Attributes:
        needed: Roles that each row has.
        optional: Roles that rows may have.
        network: The checkpoint's, with its weights.
        dynamic: Axis names by input.
        metric: Of a sample's outputs and its target, higher is better; None where rows have no targets.
        card: What its README says for a hub.
        processing: What the bundle says of raw data and labels; None for nothing.
        token_counts: What becomes of the samples' texts; None where there are none.
        generation: What it generates with where a caller says nothing; None for nothing.
        budget: Limits that hold where a caller names no others; None for none.
    """

    heads: ClassVar[Sequence[str]] = ()
    needed: ClassVar[Sequence[str]] = ()
    optional: ClassVar[Sequence[str]] = ()

    network: nn.Module
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

    @abstractmethod
    def samples(self) -> Iterator[object]:
        """Yield the inputs of each row, or pairs of these and a target."""

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield raw inputs in the order of the samples; none where the bundle prepares none."""
        yield from ()

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Show how the first output begins."""
        first = next(iter(outputs.values())).flatten()
        return f"[{' '.join(f'{number:+.3f}' for number in first[:3].tolist())} ...] of {first.numel()}"
