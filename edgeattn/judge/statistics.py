"""What samples show of all inputs: how bad a mean may be, and for which share the worst of them speaks.

Of a mean, the Bayesian bootstrap (D. B. Rubin, Annals of Statistics 9, 1981) weighs samples at random, evenly
over all weights that add up to 1, and its quantile is the bound. It never looks beyond the samples, which
understates what a rare bad input costs; so one more is added that nobody saw. Where that is as bad as a score
can be, the bound is the one of E. Learned-Miller and P. S. Thomas, "A New Confidence Interval for the Mean
of a Bounded Random Variable" (arXiv:1905.06208, 2019), and of right or wrong that of Clopper and Pearson
(1934).

Of the worst, whatever the distribution: n inputs drawn independently all miss a share 1 - p of it with
probability p^n. So at least the share p is no worse than the worst of them, with confidence 1 - p^n
(S. S. Wilks, "Determination of Sample Sizes for Setting Tolerance Limits", Annals of Mathematical
Statistics 12, 1941).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from edgeattn.results.check import CONFIDENCE

SHOWN_SHARE = 0.95  # of all inputs, that a worst case must be shown for
LEAST_SAMPLES = 20  # below which a mean is not judged: they may miss a kind of input that is one in seven
DRAWS = 5000
MOST_SAMPLES = 10_000  # evaluation samples, beyond which nobody is sent for more
UNSEEN_REACH = 3.0  # an unseen input is so many times as far from the mean as the worst that was seen


def unseen_score(scores: Sequence[float], *, at_least: bool) -> float:
    """Return the score of the input that nobody saw, where a score has no worst value."""
    mean = float(np.mean(scores))
    worst = min(scores) if at_least else max(scores)
    return mean + UNSEEN_REACH * (worst - mean)


def mean_bound(scores: Sequence[float], unseen: float, *, at_least: bool, repeats: float = 1.0) -> float:
    """Return the end of the mean's interval on its unfavorable side, one-sided, at ``CONFIDENCE``.

    Args:
        scores: Of the samples, at least one.
        unseen: The score of the input that nobody saw.
        at_least: Whether a high score is a good one.
        repeats: How often each sample counts, for what so many more samples like these would say.
    """
    draw = np.random.default_rng(0)  # the same samples have the same bound
    weights = draw.standard_gamma(repeats, (DRAWS, len(scores)))
    of_unseen = -np.log((np.arange(DRAWS) + 0.5) / DRAWS)  # evenly over its distribution: less noise
    means = (weights @ np.asarray(scores) + of_unseen * unseen) / (weights.sum(axis=1) + of_unseen)
    return float(np.quantile(means, 1 - CONFIDENCE if at_least else CONFIDENCE))


def count_needed(
    scores: Sequence[float], unseen: float, meets: Callable[[float], bool], *, at_least: bool
) -> int | None:
    """Return about how many samples like these show that a limit is met; None beyond ``MOST_SAMPLES``."""
    few, many = 1.0, MOST_SAMPLES / len(scores)

    def shown(repeats: float) -> bool:
        return meets(mean_bound(scores, unseen, at_least=at_least, repeats=repeats))

    if many < 1 or not shown(many):
        return None
    while many - few > 0.02 * few:
        middle = math.sqrt(few * many)
        few, many = (few, middle) if shown(middle) else (middle, many)
    return max(LEAST_SAMPLES, math.ceil(many * len(scores)))


def share_shown(count: int) -> float:
    """Return the share of inputs that are no worse than the worst of ``count`` samples, at least 1."""
    return float((1 - CONFIDENCE) ** (1 / count))


def count_for(share: float = SHOWN_SHARE) -> int:
    """Return how many samples speak for a share of inputs, above 0 and below 1."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(share))
