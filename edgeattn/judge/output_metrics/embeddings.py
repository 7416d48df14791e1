"""Whether int8's embeddings find the same neighbours among the samples as the original's do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.figures import Mean
from edgeattn.judge.mean_bound import unseen_score
from edgeattn.judge.output_metrics.output_metric import Answered, OutputMetric, mean_share

NEIGHBOURS = 10
LEAST = 10 * NEIGHBOURS  # samples: among fewer, everyone is a neighbour
BLOCK = 256  # queries at once

Array = NDArray[np.float64]
Pair = tuple[Array, Array]  # the original's embeddings and int8's, (N, D) each


def _kept(answered: Answered) -> Pair:
    return answered.expected, np.nan_to_num(answered.found)


def _recall(kept: Sequence[Pair]) -> Mean:
    """Return the mean share of a sample's nearest, by the original, that are among its nearest by int8."""
    return mean_share([(share, NEIGHBOURS) for share in _each(kept, _shared)])


def _rank(kept: Sequence[Pair]) -> Mean:
    """Return the mean of Spearman's rank correlation between a sample's cosines to all others."""
    correlations = list(_each(kept, _correlation))
    return Mean(correlations, unseen_score(correlations, at_least=True), at_least=True)


def _each(kept: Sequence[Pair], score: Callable[[Array, Array], float]) -> Iterator[float]:
    """Yield a score a sample, of its cosines to all others by the original and by int8, (N - 1,) each."""
    both = [_unit(np.concatenate(side)) for side in zip(*kept, strict=True)]  # (N, D) each
    for start in range(0, len(both[0]), BLOCK):
        expected, found = (each[start : start + BLOCK] @ each.T for each in both)  # (BLOCK, N) each
        for i, (a, b) in enumerate(zip(expected, found, strict=True), start):
            yield score(np.delete(a, i), np.delete(b, i))


def _unit(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths == 0, 1.0, lengths)


def _shared(expected: Array, found: Array) -> float:
    nearest = [np.argpartition(each, -NEIGHBOURS)[-NEIGHBOURS:] for each in (expected, found)]
    return np.intersect1d(nearest[0], nearest[1]).size / NEIGHBOURS


def _correlation(expected: Array, found: Array) -> float:
    ranks = [each.argsort().argsort().astype(np.float64) for each in (expected, found)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


RECALL_AT_10 = OutputMetric(name="recall_at_10", output="embedding", keep=_kept, mean=_recall, least=LEAST)
RANK = OutputMetric(name="rank", output="embedding", keep=_kept, mean=_rank, least=LEAST)
