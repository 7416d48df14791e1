"""A limit that graphs share -> what of it each may take."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """What a graph takes, such as its megabytes: the least that is known of any recipe, and the most."""

    least: float
    most: float

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Span:
        """Return the span of what several recipes take."""
        found = tuple(numbers)
        return cls(min(found), max(found))


def shares(limit: float, spans: Mapping[str, Span]) -> dict[str, float]:
    """Divide a limit so that every graph stands equally far between its least and its most.

    What suffices for the least of all graphs thus suffices in each of them; what does not, in none.

    Args:
        limit: On the sum of what the graphs take; infinite where there is none.
        spans: By the graph's name.
    """
    if math.isinf(limit):
        return dict.fromkeys(spans, limit)
    least = sum(span.least for span in spans.values())
    room = sum(span.most - span.least for span in spans.values())
    if limit < least or room == 0:
        return {name: limit * span.least / least for name, span in spans.items()}
    place = (limit - least) / room
    return {name: span.least + place * (span.most - span.least) for name, span in spans.items()}
