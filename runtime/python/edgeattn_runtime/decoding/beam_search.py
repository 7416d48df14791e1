"""Beam search: the likeliest sequences are continued together, and those that end are ranked by length.

Its answers, scores and end are those of transformers' ``generate(num_beams=...)``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.bundle.generation_options import SettledOptions
from edgeattn_runtime.decoding.prompt import Tokens
from edgeattn_runtime.decoding.sampling import likeliest, log_softmax, penalized
from edgeattn_runtime.decoding.search import Continuation, Hypothesis, is_beyond, normalized
from edgeattn_runtime.decoding.stepper import Logits
from edgeattn_runtime.decoding.stops import Stops


class BeamSearch:
    """One prompt's beams, each of which begins with int64 (length,); ``limit`` is the most new tokens."""

    def __init__(self, begin: Tokens, limit: int, stops: Stops, options: SettledOptions) -> None:
        self._prompt_length = len(begin)
        self._limit = limit
        self._stops = stops
        self._options = options
        self._running = begin[np.newaxis]  # (R, T), the likeliest first
        self._scores = np.zeros(1)  # (R,), their log-probabilities
        self._finished: list[Hypothesis] = []  # the best first

    def advance(self, logits: Logits) -> Continuation | None:
        """Take the logits behind the running sequences, (running, vocabulary); None where the search ends."""
        width = self._options.num_beams
        rows, tokens, scores = self._candidates(logits)
        sequences = np.column_stack((self._running[rows], tokens))  # (C, T + 1)
        length = sequences.shape[1] - self._prompt_length
        stop_lengths = self._stop_lengths(sequences)  # (C,)
        finished = (stop_lengths > 0) | (length == self._limit)  # (C,)
        # What ends behind the first candidates is dropped: it is only there so that enough others go on.
        for place in np.flatnonzero(finished[:width]):
            self._finish(sequences[place, self._prompt_length :], scores[place], stop_lengths[place])
        survivors = np.flatnonzero(~finished)[:width]  # (R,)
        if not len(survivors) or self._is_done(best=scores[survivors[0]], length=length):
            return None
        before, rows = self._running, rows[survivors]
        self._running, self._scores = sequences[survivors], scores[survivors]
        return Continuation(rows, tokens[survivors], shared=_shared(before, rows))

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """The best ended sequences, as many as were asked for."""
        return self._finished[: self._options.num_return_sequences]

    def _candidates(self, logits: Logits) -> tuple[NDArray[np.int64], Tokens, NDArray[np.float64]]:
        """Return the likeliest continuations (C,): their rows, their tokens and their log-probabilities.

        For every beam there is one for each token that may end it, and one that goes on.
        """
        scores = penalized(log_softmax(logits), self._running, self._options)  # (R, V)
        scores = (scores + self._scores[:, np.newaxis]).ravel()
        count = max(2, 1 + self._stops.last_tokens) * self._options.num_beams
        best = likeliest(scores, count)
        rows, tokens = np.divmod(best, logits.shape[-1])
        return rows, tokens, scores[best]

    def _stop_lengths(self, sequences: Tokens) -> NDArray[np.int64]:
        """Return how many of the last new tokens stop each sequence; 0 where none does."""
        first = max(self._prompt_length, sequences.shape[1] - self._stops.longest)
        return np.array([self._stops.stop_length(tail) for tail in sequences[:, first:].tolist()])

    def _finish(self, tokens: Tokens, score: float, stop_length: int) -> None:
        ranked = normalized(score, len(tokens), self._options)
        self._finished.append(Hypothesis(tuple(tokens[: len(tokens) - stop_length].tolist()), ranked))
        self._finished.sort(key=lambda hypothesis: hypothesis.score, reverse=True)  # of a tie the older first
        del self._finished[self._options.num_beams :]

    def _is_done(self, *, best: float, length: int) -> bool:
        """Say whether the search ends, given its best running sequence's log-probability and length."""
        if len(self._finished) < self._options.num_beams:
            return False
        return is_beyond(self._finished[-1].score, best, length, self._limit, self._options)


def _shared(running: Tokens, rows: NDArray[np.int64]) -> int:
    """Return how many first tokens every row of (R, T) has in common with the one that replaces it."""
    places = min(len(running), len(rows))
    differs = (running[:places] != running[rows[:places]]).any(axis=0)  # (T,)
    return int(differs.argmax()) if differs.any() else len(differs)
