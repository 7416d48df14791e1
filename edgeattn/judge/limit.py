"""What a limit knows: its side, its unit, its words, and how it is read off what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from edgeattn.judge.figures import Decision, Figure
from edgeattn.judge.measures import Measures

_DIGITS = 17  # that tell any float64 from its neighbour


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit.

    Attributes:
        name: As a budget has it.
        meaning: What it limits, in words.
        read: Returns what was measured against it; None where nobody did.
        at_least: Whether it bounds from below.
        unit: Behind a number, with its space where it has one.
        low: The smallest value that makes sense, itself included or not.
        high: The largest.
        on_accuracy: Whether it says how right the model is, and not only how fast or small.
        percent: Whether it may be given as a percentage.
        slack: By which a number may miss it: what rounding alone leaves.
        decimals: Of a number, at least; None writes four digits that count.
    """

    name: str
    meaning: str
    read: Callable[[Measures], Figure | None]
    at_least: bool
    unit: str = ""
    low: float = 0.0
    low_included: bool = False
    high: float = math.inf
    on_accuracy: bool = False
    percent: bool = False
    slack: float = 0.0
    decimals: int | None = None

    def admits(self, value: float) -> bool:
        """Say whether a value makes sense as this limit."""
        return self.low < value <= self.high or (self.low_included and value == self.low)

    @property
    def expected(self) -> str:
        """What makes sense, in words."""
        low = "at least" if self.low_included else "above"
        high = f" and at most {self.high:g}" if math.isfinite(self.high) else ""
        return f"a finite number {low} {self.low:g}{high}"

    def meets(self, measured: float, limit: float) -> bool:
        """Say whether a number is on the right side of a limit."""
        return measured >= limit - self.slack if self.at_least else measured <= limit + self.slack

    def decide(self, figure: Figure, limit: float) -> Decision:
        """Judge a figure by the unfavourable end of what it may be."""
        return figure.decide(lambda value: self.meets(value, limit))

    def asked(self, limit: float) -> str:
        """Write a limit as "at least 0.99" or "at most 24 MB"."""
        return f"{'at least' if self.at_least else 'at most'} {limit:.15g}{self.unit}"

    def written(self, measured: float, limit: float) -> str:
        """Write a number in as few digits as show on which side of a limit it is."""
        form, least = ("g", 4) if self.decimals is None else ("f", self.decimals)
        ok = self.meets(measured, limit)
        texts = (f"{measured:.{digits}{form}}" for digits in range(least, _DIGITS))
        return next((text for text in texts if self.meets(float(text), limit) == ok), repr(measured))
