"""A fixed range of the input by the information that it keeps: the divergence of what is left from all.

Migacz 2017, "8-bit Inference with TensorRT": Kullback-Leibler divergence of the numbers, those beyond the
range counted at its ends, from the same numbers in steps, each step's spread over the bins that it had.
"""

from __future__ import annotations

import numpy as np

from edgeattn_export.quantize.layers.histogram import FINE, Distribution, Doubles
from edgeattn_export.quantize.techniques.technique import Technique

GRID = 101  # shares of the farthest number that are tried
LEAST_PROBABILITY = 1e-12  # probability


def least_divergence(distribution: Distribution, smallest: float, steps: int) -> tuple[float, float]:
    """Return a range that holds 0.

    Args:
        distribution: Of the numbers.
        smallest: The smallest share of the farthest number that is tried as either end, in (0, 1].
        steps: That the range is divided into.
    """
    shares = np.linspace(1, smallest, GRID)
    lost = [_divergence(distribution, share, steps) for share in shares]
    farthest = shares[int(np.argmin(lost))] * max(-distribution.low, distribution.high)
    return float(max(distribution.low, -farthest)), float(min(distribution.high, farthest))


def _divergence(distribution: Distribution, share: float, steps: int) -> float:
    zero = int(np.searchsorted(distribution.edges, 0))  # bins before it hold negative numbers
    farthest = max(1, round(share * max(zero, FINE - zero)))
    first, last = max(0, zero - farthest), min(FINE, zero + farthest)
    inside = distribution.counts[first:last]
    clipped = inside.copy()
    clipped[0] += distribution.counts[:first].sum()
    clipped[-1] += distribution.counts[last:].sum()
    had = clipped > 0
    step = np.arange(len(inside)) * (steps + 1) // len(inside)
    sums, bins = (np.bincount(step, weights=each) for each in (inside, had))
    stepped = np.where(had, sums[step] / np.maximum(bins[step], 1), 0)
    return _kullback_leibler(clipped / clipped.sum(), stepped / max(stepped.sum(), LEAST_PROBABILITY))


def _kullback_leibler(p: Doubles, q: Doubles) -> float:
    positive = p > 0
    return float(np.sum(p[positive] * np.log(p[positive] / np.maximum(q[positive], LEAST_PROBABILITY))))


ENTROPY_RANGE = Technique.of_range("entropy range", least_divergence)
