"""A search of one sequence: each next token is chosen by itself, greedily or drawn."""

from __future__ import annotations

import numpy as np

from edgeattn_runtime.decoding.log_probabilities import log_softmax, penalized
from edgeattn_runtime.decoding.sampling import Sampling, choose
from edgeattn_runtime.decoding.search import Continuation, Hypothesis, normalized
from edgeattn_runtime.decoding.stops import Stops
from edgeattn_runtime.prompt import Tokens
from edgeattn_runtime.stepping import Logits

_ROW = np.zeros(1, np.int64)


class SingleSearch:
    """One sequence, which grows by one token a call.

    Args:
        begin: int64 (length,), the tokens that it begins with.
        limit: The most new tokens.
        stops: What ends it.
        sampling: How a token is chosen.
        random: What tokens are drawn by.
        length_penalty: Of its score.
    """

    def __init__(
        self,
        begin: Tokens,
        limit: int,
        stops: Stops,
        sampling: Sampling,
        random: np.random.Generator,
        *,
        length_penalty: float = 1.0,
    ) -> None:
        self._begun = len(begin)
        self._tokens: list[int] = begin.tolist()
        self._limit = limit
        self._stops = stops
        self._sampling = sampling
        self._random = random
        self._length_penalty = length_penalty
        self._score = 0.0
        self._end = 0  # how many of the tokens stopped it

    def advance(self, logits: Logits) -> Continuation | None:
        """Choose the next token by logits (1, vocabulary); None where that was the last."""
        seen = np.array(self._tokens)
        scores = penalized(logits, seen[np.newaxis], self._sampling.repetition_penalty)
        token = choose(scores[0], self._sampling, self._random)
        self._score += float(log_softmax(scores)[0, token])
        self._tokens.append(token)
        self._end = self._stops.reached(self.generated)
        if self._end or len(self.generated) == self._limit:
            return None
        return Continuation(_ROW, np.array([token]), shared=len(seen))

    @property
    def generated(self) -> list[int]:
        """The new tokens, with what stopped it."""
        return self._tokens[self._begun :]

    @property
    def certain(self) -> list[int]:
        """The new tokens without those at the end that stopped it, or may yet turn out to."""
        ended = self._end or len(self.generated) == self._limit
        held_back = self._end if ended else self._stops.begun(self.generated)
        return self.generated[: len(self.generated) - held_back]

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """The one sequence."""
        score = normalized(self._score, len(self.generated), self._length_penalty)
        return [Hypothesis(tuple(self.certain), score)]
