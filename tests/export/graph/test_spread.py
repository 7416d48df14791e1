"""The unit of answers: scikit-learn's R², and the corners where a channel hardly varies."""

from __future__ import annotations

import numpy as np
import pytest
from draws import drawn_seed
from sklearn.metrics import r2_score

from edgeattn_export.graph.output_kinds import NUMBERS
from edgeattn_export.graph.spread import LOST, Moments, channel_count, spreads_of, worst_error
from edgeattn_runtime.graph import Tensor

RNG = np.random.default_rng(drawn_seed(0))
ROWS = RNG.normal(size=(200, 3)) * np.array([1.0, 5.0, 0.7]) + np.array([300.0, 0.0, -2.0])


def test_channels_are_the_trailing_fixed_dims() -> None:
    assert channel_count(("batch", "sequence", 4, 2)) == 8
    assert channel_count(("batch", 4, "sequence")) == 1
    assert channel_count((3, 4)) == 12


def test_one_less_the_error_is_the_r2_of_scikit_learn() -> None:
    answers = ROWS + RNG.normal(size=ROWS.shape) * 0.1
    spread = Moments.of(ROWS, 3).spread(NUMBERS)
    assert 1 - spread.error(ROWS, answers) == pytest.approx(
        r2_score(ROWS, answers, multioutput="uniform_average")
    )


def test_moments_of_parts_are_those_of_all() -> None:
    parts = Moments.of(ROWS[:7], 3) + Moments.of(ROWS[7:50], 3) + Moments.of(ROWS[50:], 3)
    whole = Moments.of(ROWS, 3)
    for name in ("count", "mean", "squares", "largest"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)


def test_a_dead_channel_is_measured_by_the_others() -> None:
    rows = np.concatenate([ROWS[:, :1], ROWS[:, 2:], np.zeros((200, 1))], axis=1)
    noisy = rows + np.array([0.0, 0.0, 0.001])
    assert Moments.of(rows, 3).spread(NUMBERS).error(rows, noisy) < 1e-3


def test_the_floor_of_a_channel_is_a_tenth_of_the_median_or_what_float32_leaves() -> None:
    steps = np.array([[-1.0], [1.0]])  # deviation 1
    floored = Moments.of(steps * np.array([1.0, 1.0, 1.0, 0.09, 0.11]), 5).spread(NUMBERS).deviation
    np.testing.assert_allclose(floored, [1.0, 1.0, 1.0, 0.1, 0.11])
    of_offset = Moments.of(1e6 + steps * np.array([1.0, 20.0]), 2).spread(NUMBERS).deviation
    np.testing.assert_allclose(of_offset, [10.0, 20.0], rtol=1e-4)


@pytest.mark.parametrize(
    "wrong", [lambda y: 2 * y, lambda y: y * 0 + y.mean(0), lambda y: y[::-1], lambda y: 600 - y]
)
def test_a_wrong_answer_has_an_error_of_one_at_least(wrong) -> None:  # type: ignore[no-untyped-def]
    rows = ROWS[:, :1]
    assert Moments.of(rows, 1).spread(NUMBERS).error(rows, wrong(rows)) > 0.99


def test_a_nan_or_infinity_counts_where_one_alone_has_it() -> None:
    spread = Moments.of(ROWS, 3).spread(NUMBERS)
    holed = ROWS.copy()
    holed[0, 0], holed[1, 1] = np.nan, np.inf
    assert spread.error(holed, holed) == 0
    assert spread.error(ROWS, holed) == pytest.approx(2 * LOST / ROWS.size)
    assert spread.error(holed, ROWS) == pytest.approx(2 * LOST / ROWS.size)


def test_the_worst_output_counts() -> None:
    outputs = (Tensor("a", "float32", ("batch", 3)), Tensor("b", "float32", ("batch",)))
    answers = [{"a": ROWS[i : i + 1], "b": ROWS[i : i + 1, 0]} for i in range(len(ROWS))]
    spreads = spreads_of(outputs, answers)
    shifted = {"a": ROWS[:1], "b": ROWS[:1, 0] + spreads["b"].deviation}
    assert worst_error(spreads, answers[0], shifted) == pytest.approx(1.0)
    assert worst_error(spreads, answers[0], {**shifted, "b": ROWS[:2, 0]}) == LOST


def test_logits_are_compared_by_differences_between_classes() -> None:
    logits = Tensor("logits", "float32", ("batch", 3))
    spread = spreads_of([logits], [{"logits": ROWS[i : i + 1]} for i in range(len(ROWS))])["logits"]
    assert spread.error(ROWS, ROWS + 50) == pytest.approx(0.0, abs=1e-12)
    assert spread.error(ROWS, ROWS + np.array([1.0, 0.0, 0.0])) > 0.01
    masked = ROWS.copy()
    masked[:, 1] = -np.inf
    assert spread.error(masked, masked) == 0


def test_classes_have_one_unit_so_that_those_that_are_no_answer_neither_fail_nor_hide() -> None:
    live, dead = RNG.normal(size=(200, 4)) * 2, RNG.normal(size=(200, 96)) * 0.01
    rows = np.concatenate([live, dead], axis=1)
    rows -= rows.mean(axis=1, keepdims=True)
    noisy = rows + RNG.normal(size=rows.shape) * 0.04
    wrong = np.concatenate([np.roll(live, 1, axis=0), dead], axis=1)
    logits, numbers = (
        spreads_of([Tensor(name, "float32", ("batch", 100))], [{name: rows}])[name]
        for name in ("logits", "numbers")
    )
    assert logits.error(rows, noisy) < 0.02
    assert numbers.error(rows, noisy) > 0.5  # each may have a unit of its own
    assert logits.error(rows, wrong) > 1
    expected = r2_score(rows, noisy, multioutput="variance_weighted")
    centered = noisy - noisy.mean(axis=1, keepdims=True)
    assert 1 - logits.error(rows, centered) == pytest.approx(expected, abs=1e-3)


def test_probabilities_have_one_unit_too() -> None:
    odds = np.exp(RNG.normal(size=(200, 100)) * 2 + np.where(np.arange(100) < 4, 8, 0))
    shares = odds / odds.sum(axis=1, keepdims=True)
    spread = spreads_of([Tensor("answer", "float32", ("batch", 100))], [{"answer": shares}])["answer"]
    assert (spread.kind.kind, np.ptp(spread.deviation)) == ("probabilities", 0)
    noisy = shares + RNG.normal(size=shares.shape) * 1e-3
    assert 1 - spread.error(shares, noisy) == pytest.approx(
        r2_score(shares, noisy, multioutput="variance_weighted"), abs=1e-9
    )
