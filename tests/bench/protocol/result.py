"""What a race ends with for each peer: figures, or the reason that there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Result:
    """What one peer did.

    Attributes:
        peer: Its name.
        variant: The fastest of its variants.
        tried: The median of every variant, in milliseconds, at a short look before the race.
        padded: Tokens to which its fixed shape pads; None where its shapes are dynamic.
        rounds: Milliseconds of every inference, by round.
        size: Bytes of what it exported.
        cosines: Of each evaluation sample, to PyTorch; empty where the peer's shape is too short for them.
        title: What a row of the README calls it.
        recall_at_10: Of the ten nearest texts by PyTorch, the share that it finds; None where nobody asked.
    """

    peer: str
    variant: str
    tried: Mapping[str, float]
    padded: int | None
    rounds: tuple[tuple[float, ...], ...]
    size: int
    cosines: tuple[float, ...]
    title: str = ""
    recall_at_10: float | None = None

    @property
    def median(self) -> float:
        """Median of the rounds' medians, in milliseconds."""
        return float(np.median([np.median(times) for times in self.rounds]))

    @property
    def spread(self) -> tuple[float, float]:
        """The 10th and the 90th percentile over all rounds, in milliseconds."""
        low, high = np.percentile([time for times in self.rounds for time in times], (10, 90))
        return float(low), float(high)


@dataclass(frozen=True)
class Failure:
    """A peer that has no figure, and why."""

    peer: str
    reason: str
