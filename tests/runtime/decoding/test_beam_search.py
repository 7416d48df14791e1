"""Beam search over tables of probabilities, small enough that every sequence can be scored."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from draws import drawn_seed
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeattn_runtime import GenerationOptions as Options
from edgeattn_runtime import Hypothesis
from edgeattn_runtime.decoding.beam_search import BeamSearch
from edgeattn_runtime.decoding.sampling import log_softmax
from edgeattn_runtime.decoding.stops import Stops

WORDS, LIMIT, END = 3, 3, 0
BEGIN = np.array([1])
STOPS = Stops([(END,)])
Table = NDArray[np.float32]


def table_of(seed: int) -> Table:
    """Return logits of what follows each token (WORDS, WORDS)."""
    return np.random.default_rng(drawn_seed(seed)).standard_normal((WORDS, WORDS)).astype(np.float32)


def searched(table: Table, beams: Options, limit: int = LIMIT, stops: Stops = STOPS) -> list[Hypothesis]:
    search = BeamSearch(BEGIN, limit, stops, beams.settled())
    last = BEGIN
    while (continuation := search.advance(table[last])) is not None:
        assert continuation.rows.max() < len(last)
        last = continuation.tokens
    return search.hypotheses


def every_sequence(table: Table, length_penalty: float) -> Iterator[Hypothesis]:
    """Yield all that may be written, scored."""
    scores = log_softmax(table)
    for tokens in product(range(WORDS), repeat=LIMIT):
        whole = tokens[: tokens.index(END) + 1] if END in tokens else tokens
        if any(tokens[len(whole) :]):
            continue  # the same sequence, once
        sums = sum(scores[last, token] for last, token in zip((1, *whole), whole, strict=False))
        yield Hypothesis(tuple(t for t in whole if t != END), float(sums / len(whole) ** length_penalty))


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5, 1.0, 2.0]))
def test_enough_beams_find_the_best_of_all(seed: int, length_penalty: float) -> None:
    table = table_of(seed)
    beams = Options(
        num_beams=8, num_return_sequences=8, length_penalty=length_penalty, early_stopping="never"
    )
    hypotheses = searched(table, beams)
    expected = sorted(every_sequence(table, length_penalty), key=lambda each: -each.score)[:8]
    assert len({each.tokens for each in hypotheses}) == 8  # which ones, of equal scores, is left open
    assert [each.score for each in hypotheses] == pytest.approx([each.score for each in expected])


def test_a_longer_sequence_wins_by_its_penalty() -> None:
    table = np.log(np.array([[1, 0, 0], [0.45, 0.1, 0.45], [0.9, 0.05, 0.05]], np.float32) + 1e-9)
    best = {
        penalty: searched(table, Options(num_beams=2, length_penalty=penalty, early_stopping="never"))[
            0
        ].tokens
        for penalty in (0.0, 2.0)
    }
    assert best == {0.0: (), 2.0: (2,)}


def test_early_stopping_takes_the_first_that_end() -> None:
    table = np.log(np.array([[1, 0, 0], [0.4, 0.2, 0.4], [0.4, 0.1, 0.5]], np.float32) + 1e-9)
    settings = {"num_beams": 2, "length_penalty": 3.0}
    early = searched(table, Options(**settings, early_stopping=True), limit=9)
    late = searched(table, Options(**settings, early_stopping="never"), limit=9)
    assert len(early[0].tokens) < len(late[0].tokens)


def test_a_sequence_of_tokens_ends_a_beam_and_is_cut() -> None:
    table = np.log(np.array([[0.1, 0.1, 0.8], [0.9, 0.05, 0.05], [0.05, 0.9, 0.05]], np.float32))
    hypotheses = searched(table, Options(num_beams=2), limit=9, stops=Stops([(2, 1)]))
    assert hypotheses[0].tokens == (0,)


def test_penalties_beyond_all_numbers_still_rank() -> None:
    for penalty in (1e9, -1e9):
        assert searched(table_of(0), Options(num_beams=2, length_penalty=penalty))
