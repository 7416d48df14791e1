"""What an output holds: logits, probabilities, one logit, an embedding of length 1, or plain numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.graph import Tensor

Outputs = Mapping[str, NDArray[np.generic]]
Kind = Literal["logits", "log-probabilities", "probabilities", "one logit", "embedding", "numbers"]

NEARLY_ONE = 1e-3  # by which a sum of probabilities, or a length, may miss 1


@dataclass(frozen=True, slots=True)
class OutputKind:
    """What an output holds, and by what that was recognized.

    Attributes:
        kind: Which of them.
        by: In words; empty for plain numbers.
    """

    kind: Kind
    by: str = ""

    @property
    def is_relative(self) -> bool:
        """Whether only differences between channels count, as a softmax sees them."""
        return self.kind in ("logits", "log-probabilities")

    @property
    def are_classes(self) -> bool:
        """Whether its channels are classes, which share one unit."""
        return self.is_relative or self.kind == "probabilities"


NUMBERS = OutputKind("numbers")


def kind_of(tensor: Tensor, answers: Sequence[NDArray[np.generic]]) -> OutputKind:
    """Recognize what an output holds.

    Args:
        tensor: Its name, dtype and dims.
        answers: To a few real inputs; without any, only its name counts.
    """
    if not tensor.dtype.startswith("float"):
        return NUMBERS
    word, dims = tensor.name.rpartition(".")[-1], tensor.dims
    is_named = word in ("logit", "logits") or word.endswith(("_logit", "_logits"))
    if is_named and (dims[1:] == () or dims[-1] == 1):
        return OutputKind("one logit", "its name")
    classes = dims[-1] if dims and isinstance(dims[-1], int) else 1
    if classes < 2 or len(dims) < 2:
        return NUMBERS
    if is_named:
        return OutputKind("logits", "its name")
    if not answers:
        return NUMBERS
    rows = np.concatenate([np.asarray(each, np.float64).reshape(-1, classes) for each in answers])
    is_map = len(dims) > 2 and dims[-1] == dims[-2]  # of attention, whose queries are no decisions
    if rows.size and np.isfinite(rows.max()):
        if not is_map and (rows >= 0).all() and _is_one(rows.sum(axis=1)):
            return OutputKind("probabilities", "a sum of 1")
        if (rows <= 0).all() and _is_one(np.exp(rows).sum(axis=1)):
            return OutputKind("log-probabilities", "exponentials that sum to 1")
        if len(dims) == 2 and _is_one(np.linalg.norm(rows, axis=1)):
            return OutputKind("embedding", "a length of 1")
    return NUMBERS


def _is_one(sums: NDArray[np.float64]) -> bool:
    return bool(np.abs(sums - 1).max(initial=math.inf if not sums.size else 0.0) < NEARLY_ONE)
