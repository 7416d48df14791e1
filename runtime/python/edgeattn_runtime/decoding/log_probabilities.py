"""Log-probabilities of the next token, and the penalty on tokens that were there before."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import InputError
from edgeattn_runtime.prompt import Tokens
from edgeattn_runtime.stepping import Logits


def log_softmax(logits: Logits) -> NDArray[np.float64]:
    """Return the log-probabilities of rows of logits (rows, vocabulary), each row's largest finite."""
    shifted = logits - logits.max(axis=-1, keepdims=True)  # (R, V)
    total = np.exp(shifted).sum(axis=-1, keepdims=True, dtype=np.float64)  # (R, 1)
    log_probabilities: NDArray[np.float64] = shifted - np.log(total)
    return log_probabilities


def penalized(scores: Logits, seen: Tokens, penalty: float) -> Logits:
    """Make tokens that were seen less likely, as often as they were (Keskar et al. 2019, section 4.1).

    A negative score is multiplied by the penalty, any other divided by it.

    Args:
        scores: Logits or log-probabilities (rows, vocabulary).
        seen: int64 (rows, length), the tokens of each row so far.
        penalty: 1 changes nothing.

    Returns:
        The scores, in an array of their own unless nothing changes.
    """
    if penalty == 1:
        return scores
    found = np.take_along_axis(scores, seen, axis=-1)  # (R, T)
    changed = scores.copy()
    np.put_along_axis(changed, seen, np.where(found < 0, found * penalty, found / penalty), axis=-1)
    return changed


def read_penalty(penalty: float) -> float:
    """Return a repetition penalty.

    Raises:
        InputError: It is no finite number above 0.
    """
    if not (isinstance(penalty, (int, float)) and penalty > 0 and math.isfinite(penalty)):
        raise InputError(f"repetition_penalty: {penalty!r} found, a finite number above 0 expected")
    return penalty
