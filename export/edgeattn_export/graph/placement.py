"""Where a graph's work runs, in multiply-accumulates: nodes cost too differently to be counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fallback:
    """Nodes of one operator that an execution provider leaves to the next one.

    Attributes:
        operator: Such as "Gather".
        count: How many of them.
        modules: The PyTorch modules that they came from, each once; empty for the model itself.
        share: Of all multiply-accumulates.
        reason: Why, as far as it is known.
    """

    operator: str
    count: int
    modules: tuple[str, ...]
    share: float
    reason: str


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the work of one graph runs.

    Attributes:
        how: By rule, before the graph was opened, or as the session tells.
        provider: The execution provider that is wanted.
        shares: By execution provider its share of the multiply-accumulates; they sum to 1.
        partitions: How many graphs of its own the wanted provider makes of it.
        fallbacks: What it leaves to others, the largest share first.
    """

    how: Literal["expected", "found"]
    provider: str
    shares: Mapping[str, float]
    partitions: int
    fallbacks: tuple[Fallback, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all of it runs where it is wanted, in one piece."""
        return not self.fallbacks and self.partitions == 1
