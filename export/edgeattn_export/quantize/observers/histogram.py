"""Histograms of a value's channels: so many bins each, however many rows there are.

A channel's bins are equally wide and meet at 0. Their width is a power of two, the least that has a bin for
each number. Where a number reaches farther, neighbors are merged in pairs until it has a bin too. So the
histograms of parts, joined, are bin by bin that of all rows at once.
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
