"""What errors on samples promise of others, where few inputs lose far more than the rest.

Rounding spoils all inputs about alike. A head that is gone is missed by some of them, and by those badly: the
tail of errors is long, and the samples that judge reach farther into it than as few that select.

With confidence 1 - d the share 1 - d^(1/n) of inputs, at most, is worse than all of n samples (S. S. Wilks
1941, "Determination of Sample Sizes for Setting Tolerance Limits"). The tail falls as a power, whose slope s
the largest errors show (B. M. Hill 1975, "A Simple General Approach to Inference About the Tail of a
Distribution"): beyond the worst it has the mean 1 / (1 - s) times the worst; and the worst of N others is,
with that confidence, at most (N / (n d))^s times as large. Where the tail is short the mean scatters as any,
by sqrt(1 / n + 1 / N) standard deviations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from edgeattn_export.search.error_meter import Errors
from edgeattn_export.search.goal import LEAST_ERROR

DOUBT = 0.05  # one less the confidence
JUDGES = 2  # evaluation samples for each that selects, as samples are dealt
NORMAL = NormalDist().inv_cdf(1 - DOUBT)  # standard deviations
MOST_ERROR = 4.0  # of opposite answers; an answer of the mean has 1


@dataclass(frozen=True, slots=True)
class Promise:
    """The mean and the worst error of other samples, at most."""

    mean: float
    worst: float


def promised_errors(errors: Errors) -> Promise:
    """Return what the errors (samples) of some inputs promise of ``JUDGES`` times as many others."""
    slope, worst = tail_slope(errors), float(errors.max())
    reach = min(worst * (JUDGES / DOUBT) ** slope, max(worst, MOST_ERROR))
    beyond = min(worst / (1 - slope), reach) if slope < 1 else reach
    share, mean = 1 - DOUBT ** (1 / len(errors)), float(errors.mean())
    scatter = NORMAL * math.sqrt((1 + 1 / JUDGES) / len(errors)) * float(errors.std())
    return Promise(min(mean + max(share * (beyond - mean), scatter), reach), reach)


def tail_slope(errors: Errors) -> float:
    """Return Hill's estimate of s, P(error > x) ~ x^(-1/s), by the largest errors: the square root of all."""
    ordered = np.sort(np.maximum(errors, LEAST_ERROR))[::-1]
    largest = min(math.ceil(math.sqrt(len(ordered))), len(ordered) - 1)
    if largest == 0:
        return 1.0  # a single one shows no tail
    return float(np.log(ordered[:largest] / ordered[largest]).mean())
