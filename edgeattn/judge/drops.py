"""What int8 loses of the user's metric, sample by sample."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from edgeattn.judge.figures import Mean
from edgeattn.judge.mean_bound import unseen_score

RIGHT_OR_WRONG = (0.0, 1.0)


def mean_drop(before: Sequence[float], after: Sequence[float]) -> Mean:
    """Return the mean loss, of which an unseen input has one step of the metric at least.

    Where a metric knows right and wrong alone, that is all of it. Otherwise it is the smallest that is seen
    between two of its values, such as an eighth of a batch of eight: grades that no sample lost may be lost.

    Args:
        before: The original's, a number a sample.
        after: Int8's.
    """
    drops = [a - b for a, b in zip(before, after, strict=True)]
    is_right_or_wrong = all(value in RIGHT_OR_WRONG for value in (*before, *after))
    unseen = 1.0 if is_right_or_wrong else max(unseen_score(drops, at_least=False), _step({*before, *after}))
    return Mean(drops, unseen, at_least=False)


def _step(values: Collection[float]) -> float:
    """Return the smallest difference of two values; 0 where there is but one."""
    return min((high - low for low, high in pairwise(sorted(values))), default=0.0)
