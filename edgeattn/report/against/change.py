"""One figure of two bundles, and whether they differ by more than the noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Word = Literal["better", "worse", "same", "not compared"]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one figure.

    Attributes:
        name: The figure's.
        before: The older bundle's, in words.
        after: The newer one's.
        word: What became of it; "same" is all that lies within the noise.
        why: By what it is so, in words; may be empty.
    """

    name: str
    before: str
    after: str
    word: Word
    why: str = ""


def between(low: float, high: float, old_low: float, old_high: float, *, at_least: bool) -> Word:
    """Compare two intervals: they differ where they have no number in common.

    Args:
        low: The newer figure's lower end.
        high: Its upper end.
        old_low: The older figure's lower end.
        old_high: Its upper end.
        at_least: Whether a high figure is a good one.
    """
    if low <= old_high and old_low <= high:
        return "same"
    return "better" if (low > old_high) == at_least else "worse"
