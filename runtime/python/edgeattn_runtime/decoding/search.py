"""Searches: how one prompt is continued, call by call, and the search of a single sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.bundle.generation_options import SettledOptions
from edgeattn_runtime.decoding.prompt import Tokens
from edgeattn_runtime.decoding.sampling import choose, log_softmax, penalized
from edgeattn_runtime.decoding.stepper import Logits
from edgeattn_runtime.decoding.stops import Stops

_ROW = np.zeros(1, np.int64)


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


def normalized(total: float, length: int, options: SettledOptions) -> float:
    """Return a sum of log-probabilities over its length to the power of a penalty (Wu et al. 2016)."""
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        return float(np.float64(total) / np.power(np.float64(length), options.length_penalty))


def is_beyond(score: float, best: float, length: int, limit: int, options: SettledOptions) -> bool:
    """Say whether a score is beyond beams of a length, now or at most, given their best log-probability."""
    if options.early_stopping is True:
        return True
    at_any_length = options.early_stopping == "never" and options.length_penalty > 0
    return normalized(best, limit if at_any_length else length, options) <= score


class SingleSearch:
    """One sequence, int64 (length,), that grows by one token a call; ``limit`` is the most new tokens."""

    def __init__(
        self,
        begin: Tokens,
        limit: int,
        stops: Stops,
        options: SettledOptions,
        random: np.random.Generator,
    ) -> None:
        self._generated: list[int] = []
        # The prompt's and the new ones, in front of an array that doubles when it is full. To make it of a
        # list at each step would take longer from step to step.
        self._tokens = begin.astype(np.int64)
        self._length = len(begin)
        self._limit = limit
        self._stops = stops
        self._options = options
        self._random = random
        self._stop_length = 0  # how many of the tokens stopped it

    def advance(self, logits: Logits) -> Continuation | None:
        """Choose the next token by logits (1, vocabulary); None where that was the last."""
        history = self._tokens[: self._length]
        scores = penalized(logits, history[np.newaxis], self._options)
        token = choose(scores[0], self._options, self._random)
        self._record(token, scores)
        self._stop_length = self._stops.stop_length(self.generated)
        if self._stop_length or len(self.generated) == self._limit:
            return None
        return Continuation(_ROW, np.array([token]), shared=len(history))

    @property
    def generated(self) -> list[int]:
        """The new tokens, with what stopped it."""
        return self._generated

    @property
    def settled(self) -> list[int]:
        """The new tokens without those at the end that stopped it, or may yet turn out to."""
        finished = self._stop_length or len(self.generated) == self._limit
        withheld = self._stop_length if finished else self._stops.partial_length(self.generated)
        return self.generated[: len(self.generated) - withheld]

    def _record(self, token: int, scores: Logits) -> None:  # noqa: ARG002
        """Append a token, chosen by penalized logits (1, vocabulary)."""
        if self._length == len(self._tokens):
            self._tokens = np.append(self._tokens, np.zeros(1 + self._length, np.int64))
        self._tokens[self._length] = token
        self._length += 1
        self._generated.append(token)


class ScoredSearch(SingleSearch):
    """A single sequence with its score, which takes a pass over the vocabulary at each token."""

    _score = 0.0

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """The one sequence."""
        score = normalized(self._score, len(self.generated), self._options)
        return [Hypothesis(tuple(self.settled), score)]

    def _record(self, token: int, scores: Logits) -> None:
        self._score += float(log_softmax(scores)[0, token])
        super()._record(token, scores)
