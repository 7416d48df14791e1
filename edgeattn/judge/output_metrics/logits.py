"""How near int8's logits are to the original's: what they choose, and how likely they hold it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.output_metrics.output_metric import (
    OutputAnswers,
    OutputMetric,
    Share,
    mean_loss,
    mean_share,
)

K = 5  # of topk
LEAST_LOG = -100.0  # nats: a class that int8 rules out is no infinite loss


def log_odds(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithms of the odds of classes, at least ``LEAST_LOG``, which a NaN gets too.

    Args:
        logits: (N, classes).
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    odds = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    limited: NDArray[np.float64] = np.fmax(odds, LEAST_LOG)
    return limited


def _top1(answered: OutputAnswers) -> Share:
    same = answered.expected.argmax(axis=-1) == answered.actual.argmax(axis=-1)  # (N,)
    return float(same.mean()), same.size


def _topk(answered: OutputAnswers) -> Share:
    count, classes = answered.expected.shape
    k = min(K, classes - 1)
    highest = [np.argsort(each, axis=-1)[:, -k:] for each in (answered.expected, answered.actual)]
    shared = sum(np.intersect1d(a, b).size for a, b in zip(*highest, strict=True))
    return shared / (k * count), k * count


def _kl(answered: OutputAnswers) -> float:
    expected, actual = log_odds(answered.expected), log_odds(answered.actual)  # (N, classes)
    return float((np.exp(expected) * (expected - actual)).sum(axis=-1).mean())


TOP1 = OutputMetric(name="top1", output="logits", keep=_top1, mean=mean_share)
TOPK = OutputMetric(name="topk", output="logits", keep=_topk, mean=mean_share)
KL = OutputMetric(name="kl", output="logits", keep=_kl, mean=mean_loss)
