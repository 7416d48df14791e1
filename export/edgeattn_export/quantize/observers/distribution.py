"""All numbers of a value, whatever their channel, in one fine histogram between the ends that they reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.quantize.observers.histogram import Histogram

FINE = 4096  # bins

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many numbers lie where.

    Attributes:
        counts: (FINE) Of bins of one width, the numbers of a channel's bin taken to lie evenly in it.
        low: Where the first begins: the smallest number, or 0 where none is negative.
        high: Where the last ends: the largest, or 0.
    """

    counts: Doubles
    low: float
    high: float

    @classmethod
    def of(cls, histogram: Histogram, low: float, high: float) -> Distribution:
        """Return the distribution of all channels together, which reach from ``low`` to ``high``."""
        low, high = min(low, 0.0), max(high, 0.0)
        below = _below(histogram, np.linspace(low, high, FINE + 1))
        return cls(np.diff(np.maximum.accumulate(below)), low, high)

    @property
    def edges(self) -> Doubles:
        """Where bins begin, and where the last one ends, (FINE + 1)."""
        return np.linspace(self.low, self.high, FINE + 1)

    @property
    def centers(self) -> Doubles:
        """The middle of each bin, (FINE)."""
        edges = self.edges
        return (edges[:-1] + edges[1:]) / 2


def _below(histogram: Histogram, edges: Doubles) -> Doubles:
    """Return how many numbers are less than each edge, (FINE + 1): none than the first, all than the last.

    Over a channel's bin, or a fine one where that is wider, this number grows in a straight line. A sum of
    such lines is known by the points where its slope changes, and by how much.
    """
    total = histogram.counts.sum()
    if edges[0] == edges[-1]:
        return np.concatenate([[0], np.full(len(edges) - 1, total)])
    widths = np.maximum(histogram.widths, edges[1] - edges[0])[:, None]  # (D, 1)
    slopes, offsets = np.zeros(len(edges)), np.zeros(len(edges))
    for side in (-1, 1):
        points = histogram.centers + side / 2 * widths  # (D, BINS)
        first = np.searchsorted(edges, points.ravel())  # edge that does not lie before it
        slope = -side * (histogram.counts / widths).ravel()
        for sums, weights in ((slopes, slope), (offsets, slope * points.ravel())):
            sums += np.bincount(first, weights=weights, minlength=len(edges) + 1)[: len(edges)]
    below = edges * np.cumsum(slopes) - np.cumsum(offsets)
    below[0], below[-1] = 0, total
    return np.clip(below, 0, total)
