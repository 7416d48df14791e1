"""Whether int8's embeddings find the same neighbors among the samples as the original's do.

Samples are one another's neighbors: one that int8 moves spoils the scores of others with its own, so that
their spread says too little about the spread of their mean. So a sample stands for its own score and for what
the others' gain or lose by its being there, which is the jackknife of such statistics (J. N. Arvesen,
"Jackknifing U-Statistics", Annals of Mathematical Statistics 40, 1969). All ranks are left as they are where
a sample is taken away: who then is a tenth neighbor is chance, and would count as a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.figures import Mean
from edgeattn.judge.output_metrics.output_metric import OutputAnswers, OutputMetric
from edgeattn.judge.statistics import unseen_score

NEIGHBORS = 10
LEAST_SAMPLES = 10 * NEIGHBORS  # samples: among fewer, everyone is a neighbor
QUERY_BLOCK = 256  # queries at once

Array = NDArray[np.float64]
Pair = tuple[Array, Array]  # the original's embeddings and int8's, (N, D) each
Scored = tuple[float, Array]  # a sample's own score, and the same without each of the others, (N - 1,)


def _embeddings(answered: OutputAnswers) -> Pair:
    return answered.expected, np.nan_to_num(answered.actual)


def _recall(kept: Sequence[Pair]) -> Mean:
    """Return the mean share of a sample's nearest, by the original, that are among its nearest by int8."""
    scores = _jackknifed(kept, _shared)
    one_wrong = 1 - 1 / NEIGHBORS
    unseen = min(unseen_score(scores, at_least=True), one_wrong)
    return Mean(scores, unseen, at_least=True, lossless=Mean([1.0], one_wrong, at_least=True))


def _rank(kept: Sequence[Pair]) -> Mean:
    """Return the mean of Spearman's rank correlation between a sample's cosines to all others."""
    scores = _jackknifed(kept, _correlation)
    return Mean(scores, unseen_score(scores, at_least=True), at_least=True)


def _jackknifed(kept: Sequence[Pair], score: Callable[[Array, Array], Scored]) -> list[float]:
    """Return what each sample stands for; their mean is the mean of the samples' own scores.

    Args:
        kept: Of all samples.
        score: Takes a sample's cosines to all others by the original and by int8, (N - 1,) each.
    """
    both = [_unit(np.concatenate(side)) for side in zip(*kept, strict=True)]  # (N, D) each
    count = len(both[0])
    own, gained = np.empty(count), np.zeros(count)
    for start in range(0, count, QUERY_BLOCK):
        expected, actual = (each[start : start + QUERY_BLOCK] @ each.T for each in both)  # (BLOCK, N) each
        for i, (a, b) in enumerate(zip(expected, actual, strict=True), start):
            others = np.arange(count) != i
            own[i], without = score(a[others], b[others])
            gained[others] += own[i] - without
    scores: list[float] = (own + gained - gained.mean()).tolist()
    return scores


def _unit(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths == 0, 1.0, lengths)


def _shared(expected: Array, actual: Array) -> Scored:
    nearest = np.zeros((2, expected.size))  # 1 where a sample is among the nearest
    for row, each in zip(nearest, (expected, actual), strict=True):
        row[np.argpartition(each, -NEIGHBORS)[-NEIGHBORS:]] = 1
    shared = nearest.prod(axis=0)
    return shared.sum() / NEIGHBORS, (shared.sum() - shared) / (NEIGHBORS - nearest.mean(axis=0))


def _correlation(expected: Array, actual: Array) -> Scored:
    a, b = (each.argsort().argsort() - (each.size - 1) / 2 for each in (expected, actual))
    whole = np.sum([a * a, b * b, a * b], axis=1)
    aa, bb, ab = whole[:, None] - np.stack([a * a, b * b, a * b]) * a.size / (a.size - 1)
    return whole[2] / whole[0], ab / np.sqrt(aa * bb)


RECALL_AT_10 = OutputMetric(
    name="recall_at_10", output="embedding", keep=_embeddings, mean=_recall, least=LEAST_SAMPLES
)
RANK = OutputMetric(name="rank", output="embedding", keep=_embeddings, mean=_rank, least=LEAST_SAMPLES)
