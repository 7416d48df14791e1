"""A fixed range of the input by its squared error: what is cut off beyond it, and rounding within it.

Banner et al. 2019, "Post training 4-bit quantization of convolutional networks for rapid-deployment",
section 3.1, for the distribution that was seen instead of an assumed one, and for each end by itself.
"""

from __future__ import annotations

import numpy as np

from edgeattn_export.quantize.layers.histogram import Distribution, Doubles
from edgeattn_export.quantize.techniques.technique import Technique

GRID = 101  # shares of each end that are tried


def least_error(distribution: Distribution, smallest: float, steps: int) -> tuple[float, float]:
    """Return a range that holds 0.

    Args:
        distribution: Of the numbers.
        smallest: The smallest share of either end that is tried, in (0, 1].
        steps: That the range is divided into.
    """
    shares = np.linspace(smallest, 1, GRID)
    lows, highs = distribution.low * shares, distribution.high * shares
    below, square_below = _cut(lows[:, None] - distribution.centers, distribution.counts)  # (GRID) each
    above, square_above = _cut(distribution.centers - highs[:, None], distribution.counts)
    inside = distribution.counts.sum() - below[:, None] - above  # (GRID, GRID)
    step = (highs - lows[:, None]) / steps
    error = square_below[:, None] + square_above + inside * step**2 / 12
    low, high = np.unravel_index(np.argmin(error), error.shape)
    return float(lows[low]), float(highs[high])


def _cut(beyond: Doubles, counts: Doubles) -> tuple[Doubles, Doubles]:
    """Return how many numbers lie beyond each end, and the sum of their squared distances to it."""
    cut = np.maximum(beyond, 0)  # (GRID, FINE)
    return (cut > 0) @ counts, cut**2 @ counts


LEAST_ERROR_RANGE = Technique.of_range("least-error range", least_error)
