"""Histograms of a value: of each channel so many bins, however many rows there are, and of all together.

A channel's bins are equally wide and meet at 0. Their width is a power of two, the least that has a bin for
each number. Where a number reaches farther, neighbors are merged in pairs until it has a bin too. The
joined histograms of parts are then, bin by bin, the histogram of all rows at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HALF = 128  # bins of a channel on either side of 0
BINS = 2 * HALF
LOWEST = -126  # exponent of a bin's width: float32 holds its reciprocal

Counts = NDArray[np.uint32]
Floats = NDArray[np.float32]
FINE = 4096  # bins
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Of one value with D channels, over all its rows.

    Attributes:
        counts: (D, BINS) How many numbers of a channel fall into each bin, from its lowest bin on.
        widths: (D) Of a channel's bins; 0 where all of its numbers count as 0.
    """

    counts: Counts
    widths: NDArray[np.float64]

    @classmethod
    def of(cls, x: Floats) -> Histogram:
        """Return the histogram of rows (T, D), all finite."""
        largest = np.abs(x).max(0, initial=0)  # (D)
        _, power = np.frexp(largest)  # every number is less than 2 ** power
        exponents = np.where(largest > 0, np.maximum(power - int(np.log2(HALF)), LOWEST), LOWEST)
        steps = np.abs(x) * np.ldexp(np.float32(1), -exponents)
        places = np.minimum(steps, HALF - 1).astype(np.int64)  # (T, D), counted from 0 outward
        bins = np.where(x < 0, HALF - 1 - places, HALF + places)
        first = BINS * np.arange(x.shape[1])  # (D)
        counts = np.bincount((bins + first).ravel(), minlength=BINS * x.shape[1])
        return cls(counts.astype(np.uint32).reshape(-1, BINS), np.ldexp(1.0, exponents))

    def joined(self, other: Histogram) -> Histogram:
        """Return the histogram of both values' rows together, neither of them divided."""
        widths = np.maximum(self.widths, other.widths)
        return Histogram(self._widened(widths) + other._widened(widths), widths)

    def divided(self, divisor: Floats) -> Histogram:
        """Return the histogram of the value divided by (D) positive numbers, infinity among them."""
        return Histogram(self.counts, self.widths / divisor)

    def taken(self, channels: NDArray[np.int64]) -> Histogram:
        """Return the histogram of some of the value's channels, (k) of them, in that order."""
        return Histogram(self.counts[channels], self.widths[channels])

    @property
    def centers(self) -> NDArray[np.float64]:
        """The middle of each bin, (D, BINS)."""
        return self.widths[:, None] * (np.arange(BINS) - HALF + 0.5)

    def _widened(self, widths: NDArray[np.float64]) -> Counts:
        """Return the counts in bins that are wider by powers of two, (D)."""
        times = np.log2(widths / self.widths).astype(np.int64)  # (D)
        if not times.any():
            return self.counts
        bins = (np.arange(BINS) - HALF >> times[:, None]) + HALF  # (D, BINS)
        places = bins + BINS * np.arange(len(times))[:, None]
        counts = np.bincount(places.ravel(), weights=self.counts.ravel(), minlength=places.size)
        return counts.astype(np.uint32).reshape(self.counts.shape)


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
