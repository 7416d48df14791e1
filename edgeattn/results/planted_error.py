"""What a proof sees: wrong answers, made of the original's own, as the limits of a budget judge them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "twice",
    "tenth",
    "negative",
    "constant",
    "other sample",
    "least channel",
    "largest channel",
    "position",
    "shift",
]
SHIFT = 0.1  # of the spread of each channel


@dataclass(frozen=True, slots=True)
class PlantedError:
    """A kind of wrong answer, planted in each output by itself.

    Attributes:
        by: The limits that fail it.
        unseen: The outputs in which no limit fails it.
        smallest: The smallest part of it that fails in every output, 1 being the error itself; None where
            none does, or where it has no size.
        remedy: A limit as a budget has it, such as "r2=0.98", that would fail a gross one that nothing fails;
            None where it is small, or seen.
    """

    kind: Kind
    by: tuple[str, ...]
    unseen: tuple[str, ...] = ()
    smallest: float | None = None
    remedy: str | None = None

    @property
    def seen(self) -> bool:
        """Whether a limit fails it in every output."""
        return not self.unseen
