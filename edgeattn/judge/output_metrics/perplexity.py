"""How much less likely int8 holds what really follows: its perplexity over the original's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.figures import Mean
from edgeattn.judge.output_metrics.logits import log_odds
from edgeattn.judge.output_metrics.output_metric import OutputAnswers, OutputMetric, mean_loss
from edgeattn_runtime.errors import ModelError


def _loss(answered: OutputAnswers) -> float:
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


PERPLEXITY_RATIO = OutputMetric(name="perplexity_ratio", output="logits", keep=_loss, mean=_ratio)
