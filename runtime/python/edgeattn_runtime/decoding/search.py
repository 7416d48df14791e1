"""A search: how one prompt is continued, call by call, and what it has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.prompt import Tokens
from edgeattn_runtime.stepping import Logits


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One way to continue a prompt.

    Attributes:
        tokens: The new ones, without what stopped it.
        score: The sum of their log-probabilities, that of what stopped it included, over the number of these
            tokens to the power of ``length_penalty``.
    """

    tokens: tuple[int, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Continuation:
    """What a search asks of the next call.

    Attributes:
        rows: int64 (width,), from which of its rows each sequence goes on; one may be there several
            times.
        tokens: int64 (width,), what comes next in each.
        shared: The number of tokens, from the first of the prompt on, that every row has in common with the
            one that it is replaced by.
    """

    rows: NDArray[np.int64]
    tokens: Tokens
    shared: int


class Search(Protocol):
    """Continues one prompt. It begins with one row, the prompt's, and may ask for several."""

    def advance(self, logits: Logits) -> Continuation | None:
        """Take the logits behind each of its rows, (width, vocabulary); None where it has ended."""

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """What it has found once it has ended, the best first."""


def normalized(total: float, length: int, penalty: float) -> float:
    """Return a sum of log-probabilities over its length to the power of a penalty (Wu et al. 2016)."""
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        return float(np.float64(total) / np.power(np.float64(length), penalty))
