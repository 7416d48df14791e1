"""What int8 loses of the user's metric, sample by sample."""

from __future__ import annotations

from collections.abc import Sequence

from edgeattn.judge.figures import Mean
from edgeattn.judge.mean_bound import unseen_score

RIGHT_OR_WRONG = (0.0, 1.0)


def mean_drop(before: Sequence[float], after: Sequence[float]) -> Mean:
    """Return the mean loss. Where a metric knows right and wrong alone, an unseen input may lose all of it.

    Args:
        before: The original's, a number a sample.
        after: Int8's.
    """
    drops = [a - b for a, b in zip(before, after, strict=True)]
    is_right_or_wrong = all(value in RIGHT_OR_WRONG for value in (*before, *after))
    unseen = 1.0 if is_right_or_wrong else unseen_score(drops, at_least=False)
    return Mean(drops, unseen, at_least=False)
