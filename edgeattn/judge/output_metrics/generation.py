"""Whether int8 says the same when it continues by itself: tokens up to the first that differs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.output_metrics.output_metric import OutputAnswers, OutputMetric, Share, mean_share
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import BudgetError

CONTINUED_TOKENS = 32  # that each sample's first half is continued by, where it is as long


def _agreement(answered: OutputAnswers) -> Share:
    """Return the share of greedy tokens before int8 first chooses another than the original, of all rows."""
    name = _tokens(answered)
    tokens = answered.sample.inputs[name]
    prompt = (tokens.shape[1] + 1) // 2
    steps = min(CONTINUED_TOKENS, max(tokens.shape[1] - prompt, 1))
    prompted = {**answered.sample.inputs, name: tokens[:, :prompt]}
    both = [
        _continued(runner, prompted, name, answered.tensor.name, steps)
        for runner in (answered.original, answered.int8)
    ]
    same = np.cumprod(both[0] == both[1], axis=1)  # (batch, steps): 1 up to the first that differs
    return float(same.mean()), same.size


def _tokens(answered: OutputAnswers) -> str:
    """Return the input that is continued: the only one with a position for each of the logits."""
    inputs, positions = answered.sample.inputs, answered.positions
    able = [name for name, array in inputs.items() if array.dtype.kind in "iu" and array.shape == positions]
    if len(positions) != 2 or len(able) != 1:
        raise BudgetError(
            f"budget token_agreement: {len(able)} inputs of integers found that have a position for each of "
            "the logits (batch, sequence), exactly one expected; ask for top1 instead"
        )
    return able[0]


def _continued(runner: Runner, inputs: Inputs, name: str, logits: str, steps: int) -> NDArray[np.generic]:
    """Return the tokens (batch, steps) that a model continues its inputs with, the likeliest each time."""
    tokens = inputs[name]
    length = tokens.shape[1]
    for _ in range(steps):
        following = runner({**inputs, name: tokens})[logits][:, -1:].argmax(axis=-1)  # (batch, 1)
        tokens = np.concatenate([tokens, following.astype(tokens.dtype)], axis=1)
    return tokens[:, length:]


TOKEN_AGREEMENT = OutputMetric(name="token_agreement", output="logits", keep=_agreement, mean=mean_share)
