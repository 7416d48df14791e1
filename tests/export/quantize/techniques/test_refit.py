from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Reference, Statistics, statistics_of
from edgeattn_export.quantize.techniques.refit import refit

ROUNDING = 1e-3  # of float32 sums of hundreds of products near 1
LEFT = 0.6  # at most, of the error on other inputs than those of the samples

Floats = NDArray[np.float32]


def _normal(seed: int, *dims: int) -> Floats:
    return np.random.default_rng(seed).standard_normal(dims).astype(np.float32)


def _inputs(seed: int, rows: int = 400) -> tuple[Floats, Floats]:
    """Return inputs as the float graph has them, and as layers before left them: mixed, shifted and noisy."""
    in_float = _normal(seed, rows, 12)
    mixed = in_float @ (np.eye(12, dtype=np.float32) + 0.2 * _normal(100, 12, 12))
    return in_float, mixed + 0.3 + 0.1 * _normal(seed + 1000, rows, 12)


def _statistics(in_float: Floats, own: Floats) -> Statistics:
    return replace(statistics_of("x", own, grams=True), reference=Reference.of(own, in_float))


LINEAR = Linear(_normal(7, 12, 5), _normal(8, 5))


def _error(linear: Linear, in_float: Floats, own: Floats) -> float:
    right = in_float @ LINEAR.weight + LINEAR.bias
    return float(np.square(own @ linear.weight + linear.bias - right).mean())


def test_it_is_the_least_squares_solution_with_its_ridge() -> None:
    in_float, own = _inputs(0)
    fitted = refit(LINEAR, _statistics(in_float, own), 0.3)
    x, f = (each - each.mean(0) for each in (own.astype(np.float64), in_float.astype(np.float64)))
    held = np.sqrt(0.3 * (x.T @ x).diagonal().mean())
    rows, right = np.vstack([x, held * np.eye(12)]), np.vstack([f @ LINEAR.weight, held * LINEAR.weight])
    np.testing.assert_allclose(fitted.weight, np.linalg.lstsq(rows, right)[0], atol=ROUNDING)
    mean = (own @ fitted.weight + fitted.bias).mean(0)
    np.testing.assert_allclose(mean, (in_float @ LINEAR.weight + LINEAR.bias).mean(0), atol=ROUNDING)


def test_the_error_is_less_on_other_inputs_too() -> None:
    fitted = refit(LINEAR, _statistics(*_inputs(0)), 0.1)
    for seed in (0, 1):
        assert _error(fitted, *_inputs(seed)) < LEFT * _error(LINEAR, *_inputs(seed))


def test_inputs_that_are_the_float_graph_s_change_nothing() -> None:
    in_float, _ = _inputs(0)
    fitted = refit(LINEAR, _statistics(in_float, in_float), 0.3)
    np.testing.assert_allclose(fitted.weight, LINEAR.weight, atol=ROUNDING)
    np.testing.assert_allclose(fitted.bias, LINEAR.bias, atol=ROUNDING)


def test_a_bias_appears_where_there_was_none() -> None:
    fitted = refit(replace(LINEAR, bias=None), _statistics(*_inputs(0)), 0.3)
    expected = refit(LINEAR, _statistics(*_inputs(0)), 0.3)
    np.testing.assert_allclose(fitted.bias, expected.bias - LINEAR.bias, atol=ROUNDING)


def test_what_nothing_reaches_stays() -> None:
    zeros = np.zeros((20, 12), np.float32)
    assert refit(LINEAR, _statistics(zeros, zeros), 0.3) is LINEAR


def test_channels_that_are_one_leave_it_solvable() -> None:
    in_float, own = (np.repeat(each[:, :6], 2, axis=1) for each in _inputs(0))
    assert np.isfinite(refit(LINEAR, _statistics(in_float, own), 1e-3).weight).all()


def test_it_refuses_the_float_graph_s_inputs() -> None:
    with pytest.raises(TypeError, match="own inputs"):
        refit(LINEAR, statistics_of("x", _inputs(0)[0], grams=True), 0.3)
