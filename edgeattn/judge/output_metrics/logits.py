"""How near int8's logits are to the original's: what they choose, and how likely they hold what follows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.figures import Mean
from edgeattn.judge.output_metrics.output_metric import (
    LEAST_LOG,
    OutputAnswers,
    OutputMetric,
    Share,
    mean_loss,
    mean_share,
)
from edgeattn_runtime.errors import ModelError

TOP_K = 5  # of topk


def log_odds(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log-odds (N, classes) of logits, at least ``LEAST_LOG``, which a NaN gets too."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    odds = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    limited: NDArray[np.float64] = np.fmax(odds, LEAST_LOG)
    return limited


def _top1(answered: OutputAnswers) -> Share:
    same = answered.expected.argmax(axis=-1) == answered.actual.argmax(axis=-1)  # (N,)
    return float(same.mean()), same.size


def _topk(answered: OutputAnswers) -> Share:
    count, classes = answered.expected.shape
    k = min(TOP_K, classes - 1)
    highest = [np.argsort(each, axis=-1)[:, -k:] for each in (answered.expected, answered.actual)]
    shared = sum(np.intersect1d(a, b).size for a, b in zip(*highest, strict=True))
    return shared / (k * count), k * count


def _kl(answered: OutputAnswers) -> float:
    expected, actual = log_odds(answered.expected), log_odds(answered.actual)  # (N, classes)
    return float((np.exp(expected) * (expected - actual)).sum(axis=-1).mean())


def _surprise(answered: OutputAnswers) -> float:
    """Return by how many nats a token int8 is more surprised by the targets; negative ones do not count."""
    target = answered.counted(_target(answered)).astype(np.int64)  # (N,)
    valid = target >= 0
    if not valid.any():
        raise ModelError(f"sample {answered.sample.number}: perplexity_ratio: no target counts; leave it out")
    rows, classes = np.flatnonzero(valid), target[valid]
    before, after = (log_odds(each)[rows, classes] for each in (answered.expected, answered.actual))
    return float((before - after).mean())


def _target(answered: OutputAnswers) -> NDArray[np.int64]:
    sample, classes = answered.sample, answered.expected.shape[-1]
    target = None if sample.target is None else np.asarray(sample.target)
    if target is None or target.shape != answered.positions or not _are_classes(target, classes):
        what = "no target" if target is None else f"a target {target.dtype} {target.shape}"
        raise ModelError(
            f"sample {sample.number}: perplexity_ratio: {what} found, integers {answered.positions} below "
            f"{classes} expected, the token that follows each; yield (inputs, target) pairs"
        )
    return target.astype(np.int64)


def _are_classes(target: NDArray[np.generic], classes: int) -> bool:
    return target.dtype.kind in "iu" and bool((target.astype(np.int64) < classes).all())


def _ratio(kept: Sequence[float]) -> Mean:
    return replace(mean_loss(kept), read=math.exp)


TOP1 = OutputMetric(name="top1", output="logits", keep=_top1, mean=mean_share)
TOPK = OutputMetric(name="topk", output="logits", keep=_topk, mean=mean_share)
KL = OutputMetric(name="kl", output="logits", keep=_kl, mean=mean_loss)
PERPLEXITY_RATIO = OutputMetric(name="perplexity_ratio", output="logits", keep=_surprise, mean=_ratio)
