"""Scores: an output's numbers as probabilities."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import InputError
from edgeattn_runtime.fields import choice

Scores = Annotated[str, choice("softmax", "sigmoid", "none")]


def scored(name: str, values: NDArray[np.float32], scores: str) -> NDArray[np.float64]:
    """Return the scores of values, along their last axis.

    Args:
        name: Of the output, for messages.
        values: The output.
        scores: ``softmax``, ``sigmoid``, or ``none`` where the values are scores already.

    Raises:
        InputError: A value is infinite, where a score is computed from it.
    """
    numbers = values.astype(np.float64)
    if scores == "none":
        return numbers
    if np.isinf(numbers).any():
        raise InputError(f"{name}: an infinite number found, finite ones expected; check what was called")
    if scores == "sigmoid":
        return 1 / (1 + np.exp(-numbers))
    masses = np.exp(numbers - numbers.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = masses / masses.sum(axis=-1, keepdims=True)
    return shares
