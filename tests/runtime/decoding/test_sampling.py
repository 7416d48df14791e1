from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import pytest
from draws import drawn_seed
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from edgeattn_runtime import GenerationOptions
from edgeattn_runtime.bundle.generation_options import NamedOptions, SettledOptions
from edgeattn_runtime.decoding.sampling import candidates, choose, log_softmax, penalized

ROUNDING = 1e-12  # of sums in float64
DRAWS = 20_000
SPREAD = 5.0  # standard deviations of a count

LOGITS = arrays.arrays(
    np.float32, st.integers(1, 40), elements=st.floats(-30, 30, width=32) | st.just(float("-inf"))
).filter(lambda logits: bool(np.isfinite(logits.max())))
TEMPERATURES = st.floats(0.01, 100)


def _softmax(logits: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    scores = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
    masses: NDArray[np.float64] = scores / scores.sum()
    return masses


def options(**named: Unpack[NamedOptions]) -> SettledOptions:
    return GenerationOptions(**named).settled()


def _generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(drawn_seed(seed))


@given(st.integers(1, 4), st.floats(-50, 50, width=32))
def test_probabilities_sum_to_one_wherever_the_logits_lie(rows: int, shift: float) -> None:
    logits = np.random.default_rng(drawn_seed(rows)).standard_normal((rows, 9)).astype(
        np.float32
    ) + np.float32(shift)
    scores = log_softmax(logits)
    np.testing.assert_allclose(np.exp(scores).sum(axis=-1), 1, rtol=1e-6)
    np.testing.assert_array_equal(scores.argsort(axis=-1), logits.argsort(axis=-1))


def test_a_token_that_cannot_come_has_no_probability() -> None:
    assert log_softmax(np.array([[0.0, -np.inf]], np.float32)).tolist() == [[0, -np.inf]]


def test_tokens_that_were_there_get_less_likely() -> None:
    scores = np.array([[2.0, -2.0, 1.0], [2.0, -2.0, 1.0]])
    tokens = np.array([[0, 1, 0], [2, 2, 2]])
    result = penalized(scores, tokens, options(repetition_penalty=2.0))
    assert result.tolist() == [[1.0, -4.0, 1.0], [2.0, -2.0, 0.5]]  # once, however often they were there
    assert scores[0].tolist() == [2.0, -2.0, 1.0]
    assert penalized(scores, tokens, options()) is scores


@given(LOGITS)
def test_greedy_takes_the_likeliest_and_of_a_tie_the_lowest(logits: NDArray[Any]) -> None:
    token = choose(logits, options(), _generator())
    assert token == logits.tolist().index(max(logits.tolist()))


def test_greedy_draws_nothing() -> None:
    random = _generator()
    choose(np.zeros(3, np.float32), options(), random)
    assert random.random() == _generator().random()


@given(LOGITS, TEMPERATURES)
def test_temperature_alone_is_a_softmax_over_all(logits: NDArray[Any], temperature: float) -> None:
    tokens, masses = candidates(logits, options(temperature=temperature))
    assert sorted(tokens) == list(range(len(logits)))
    np.testing.assert_allclose(masses, _softmax(logits, temperature)[tokens], rtol=0, atol=ROUNDING)


@given(LOGITS, TEMPERATURES, st.none() | st.integers(1, 50), st.none() | st.floats(0.01, 1))
def test_candidates_are_ranked_and_whole(
    logits: NDArray[Any], temperature: float, top_k: int | None, top_p: float | None
) -> None:
    tokens, masses = candidates(logits, options(temperature=temperature, top_k=top_k, top_p=top_p))
    ranks = [(-logits[token], token) for token in tokens]
    assert ranks == sorted(ranks)
    assert len(set(tokens.tolist())) == len(tokens) >= 1
    assert abs(masses.sum() - 1) < ROUNDING


@given(LOGITS, TEMPERATURES, st.integers(1, 50))
def test_top_k_keeps_the_k_likeliest(logits: NDArray[Any], temperature: float, top_k: int) -> None:
    everything, _ = candidates(logits, options(temperature=temperature))
    tokens, _ = candidates(logits, options(temperature=temperature, top_k=top_k))
    assert tokens.tolist() == everything[:top_k].tolist()
    assert len(tokens) == min(top_k, len(logits))


@given(LOGITS, TEMPERATURES, st.floats(0.001, 1))
def test_top_p_keeps_the_smallest_set_that_reaches_the_mass(
    logits: NDArray[Any], temperature: float, top_p: float
) -> None:
    _, masses = candidates(logits, options(temperature=temperature))
    tokens, _ = candidates(logits, options(temperature=temperature, top_p=top_p))
    count = len(tokens)
    assert masses[:count].sum() >= top_p - ROUNDING
    assert masses[: count - 1].sum() < top_p + ROUNDING


@pytest.mark.parametrize(
    ("top_p", "expected"),
    [(0.1, [1]), (0.49, [1]), (0.51, [1, 2]), (0.74, [1, 2]), (0.76, [1, 2, 0]), (1.0, [1, 2, 0, 3])],
)
def test_top_p_on_masses_one_can_count(top_p: float, expected: list[int]) -> None:
    masses = np.array([0.125, 0.5, 0.25, 0.125])
    tokens, drawn = candidates(np.log(masses), options(temperature=1.0, top_p=top_p))
    assert tokens.tolist() == expected
    np.testing.assert_allclose(drawn, masses[expected] / masses[expected].sum(), rtol=0, atol=ROUNDING)


def test_top_k_comes_before_top_p() -> None:
    logits = np.log(np.array([0.4, 0.3, 0.2, 0.1], np.float32))
    # Of the two likeliest the first holds 4/7, which reaches 0.5; of all four it holds 0.4 alone.
    assert candidates(logits, options(temperature=1.0, top_k=2, top_p=0.5))[0].tolist() == [0]
    assert candidates(logits, options(temperature=1.0, top_p=0.5))[0].tolist() == [0, 1]


@given(LOGITS, st.floats(5e-324, 1e-300))
def test_a_temperature_near_zero_is_greedy(logits: NDArray[Any], temperature: float) -> None:
    token = choose(logits, options(temperature=temperature), _generator())
    assert logits[token] == logits.max()


def test_tokens_are_drawn_as_often_as_their_probabilities_say() -> None:
    logits, sampling = np.array([0.0, 1.0, 2.0, -1.0, 1.5], np.float32), options(temperature=0.7, top_k=4)
    random = _generator(7)
    counts = np.bincount([choose(logits, sampling, random) for _ in range(DRAWS)], minlength=len(logits))
    tokens, masses = candidates(logits, sampling)
    deviations = (counts[tokens] - DRAWS * masses) / np.sqrt(DRAWS * masses * (1 - masses))
    assert np.abs(deviations).max() < SPREAD
    assert counts[3] == 0
