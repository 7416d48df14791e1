"""How sure a latency is: intervals from batches of calls, since calls in a row are not independent.

A call finds the clock, the caches and the neighbors of the call before it, so that the spread of single calls
says far too little about the spread of their quantiles. Calls are cut into a few batches, and a batch's
quantile is one observation: sectioning (Asmussen and Glynn, Stochastic Simulation, 2007, section III.5a, and
Nakayama, ACM Transactions on Modeling and Computer Simulation 24(4), 2014). Processes that each measured the
same are the best batches, since memory is laid out anew in each (Kalibera and Jones, ISMM 2013).

Weather outlasts a batch, and may outlast all of them: then the next measurement differs by more than batches
among themselves do. What batches differ by is taken to be white noise, which they average out, and flicker
noise, which they do not: an average over any time is as far from the next one. The two are separated as
those of clocks are, by how far neighbors differ against how far all do (Allan, Proceedings of the IEEE 54(2),
1966).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

import numpy as np
from numpy.typing import NDArray

MOST_BATCHES = 12  # that a series is cut into at most
LEAST_BATCHES = 4  # with fewer of which nothing is said
LEAST_BEYOND = 8  # calls beyond a quantile, with fewer of which nothing is said: p99 takes 800 calls
CONFIDENCE = 0.95
SURE_RATIO = 1.25  # of its upper end to its lower one at most, for a ratio to be given as a number

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies with a confidence of ``CONFIDENCE``."""

    low: float
    high: float

    def overlaps(self, other: Interval) -> bool:
        """Say whether the two have a figure in common."""
        return self.low <= other.high and other.low <= self.high


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its interval; none where too little was observed."""

    value: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Ratio(Estimate):
    """How many times as long one call takes as another, p50."""

    @property
    def sure(self) -> bool:
        """Whether the interval is narrow enough for the ratio to be given as a number."""
        return self.interval is not None and self.interval.high <= SURE_RATIO * self.interval.low


def in_batches(times: Sequence[float], *, unit: int = 1) -> list[Times]:
    """Cut a series into at most ``MOST_BATCHES``, which differ by no more than a unit in length.

    Args:
        times: In the order in which they were measured.
        unit: Calls that belong together, such as one on each sample.
    """
    units = max(1, len(times) // unit)
    count = min(MOST_BATCHES, units)
    bounds = [unit * (units * i // count) for i in range(1, count)]
    return np.split(np.asarray(times, np.float64), bounds)


def interval_of(batches: Sequence[Times], share: float) -> Interval | None:
    """Return where the quantile lies that a share of the calls, such as 0.5, stays below.

    Batches are of times above 0, in the order in which they were measured. None is where they, or the calls
    beyond the quantile, are too few.
    """
    calls = sum(batch.size for batch in batches)
    if len(batches) < LEAST_BATCHES or round(calls * (1 - share)) < LEAST_BEYOND:
        return None
    overall = _quantile(np.concatenate(batches), share)
    return _around(overall, [_quantile(batch, share) for batch in batches])


def ratio_of(slower: Sequence[Times], faster: Sequence[Times]) -> Ratio:
    """Return the ratio of two medians that were measured in turns, batch by batch.

    Both share the weather of a batch, so that the ratio is far steadier than either time.
    """
    overall = _quantile(np.concatenate(slower), 0.5) / _quantile(np.concatenate(faster), 0.5)
    ratios = [_quantile(a, 0.5) / _quantile(b, 0.5) for a, b in zip(slower, faster, strict=True)]
    return Ratio(overall, _around(overall, ratios) if len(ratios) >= LEAST_BATCHES else None)


def typical(values: Sequence[float]) -> Estimate:
    """Return the median of what was observed once in each of several processes, all above 0."""
    return Estimate(median(values), _around(median(values), values) if len(values) >= LEAST_BATCHES else None)


def _around(overall: float, observed: Sequence[float]) -> Interval:
    """Return the interval of a figure above 0 by what batches observed of it, in logarithms."""
    deviations = np.log(np.asarray(observed) / overall)
    half = _student(deviations.size - 1) * math.sqrt(_variance(deviations))
    return Interval(overall * math.exp(-half), overall * math.exp(half))


def _variance(deviations: Times) -> float:
    """Return the variance of a figure that one measurement gives, by how far its batches are apart from it.

    Of flicker noise the variance of N batches is N log2 N / (2 (N - 1)) times the Allan variance, half the
    mean square of the differences of neighbors. Of white noise the two are the same.
    """
    count = deviations.size
    spread = float(np.square(deviations).sum()) / (count - 1)
    excess = float(np.var(deviations, ddof=1) - np.square(np.diff(deviations)).mean() / 2)
    ratio = count * math.log2(count) / (2 * (count - 1))
    flicker = max(0.0, excess / (ratio - 1))
    return max(0.0, spread - ratio * flicker) / count + flicker


def _quantile(times: Times, share: float) -> float:
    return max(float(np.quantile(times, share)), 1e-6)  # a clock's least tick: its logarithm must exist


def _student(freedom: int) -> float:
    """Return Student's two-sided quantile (Abramowitz and Stegun 26.7.5), within 1 % from 3 degrees on."""
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return float(sum(term / freedom**power for power, term in enumerate(terms)))
