from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.grid import INT8, Grid
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.rounding import BLOCK, round_by_output
from edgeattn_export.quantize.techniques.smoothing import smooth

BETTER = 0.8  # of the error of rounding to the nearest, for inputs whose channels are alike
TIE = 1e-4  # of a step: so near to the middle of two, float32 and float64 may differ
DAMPING = 0.01

Floats = NDArray[np.float32]
Known = Callable[[Floats], Statistics]


def _alike(seed: int, rows: int, width: int) -> Floats:
    """Return an input whose channels resemble one another, (rows, width)."""
    generator = np.random.default_rng(seed)
    causes = generator.standard_normal((rows, max(1, width // 4)))
    mixed = causes @ generator.standard_normal((causes.shape[1], width))
    return (mixed + 0.3 * generator.standard_normal((rows, width))).astype(np.float32)


def _weight(seed: int, width: int, channels: int = 16) -> Floats:
    return np.random.default_rng(seed).standard_normal((width, channels)).astype(np.float32)


def _error(linear: Linear, x: Floats, weight: Floats) -> float:
    divided = x if linear.divisor is None else x / linear.divisor
    return float(np.linalg.norm(divided @ linear.dequantized - x @ weight))


@pytest.mark.parametrize("grid", [Grid(-7, 7), INT8, Grid.whole(4, 8)], ids=str)
@pytest.mark.parametrize("width", [16, 3 * BLOCK // 2])
@pytest.mark.parametrize("exponent", [None, 0.7])
def test_the_output_moves_less_than_with_the_nearest(
    exponent: float | None, width: int, grid: Grid, known: Known
) -> None:
    x, weight = _alike(0, 400, width), _weight(1, width)
    nearest = Linear(weight, None, grid)
    if exponent is not None:
        nearest = smooth(nearest, known(x), exponent)
    rounded = round_by_output(nearest, known(x), DAMPING)
    assert _error(rounded, x, weight) < BETTER * _error(nearest, x, weight)
    np.testing.assert_array_equal(rounded.steps, nearest.steps)
    assert rounded.stored.dtype == np.int8
    assert grid.lowest <= rounded.stored.min()
    assert rounded.stored.max() <= grid.highest


def test_a_divided_input_is_rounded_for_as_it_comes(known: Known) -> None:
    x, divisor = _alike(11, 200, 16), np.exp(2 * _weight(12, 1, 16)[0])
    linear = Linear(_weight(13, 16), None)
    expected = round_by_output(linear, known(x / divisor), DAMPING)
    found = round_by_output(replace(linear, divisor=divisor), known(x), DAMPING)
    np.testing.assert_array_equal(found.stored, expected.stored)


@given(
    arrays(np.float32, (5, 3), elements=st.floats(-10, 10, width=32)),
    arrays(np.float32, 5, elements=st.floats(0, 1e6, width=32)),
    st.floats(1e-4, 1),
)
def test_channels_that_have_nothing_in_common_are_rounded_to_the_nearest(
    weight: Floats, squares: Floats, damping: float
) -> None:
    zeros = np.zeros(5, np.float32)
    nearest = Linear(weight, None)
    rounded = round_by_output(nearest, Statistics(1, zeros, zeros, zeros, np.diag(squares)), damping)
    steps = weight.astype(np.float64) / nearest.steps
    clear = np.abs(np.abs(steps - np.floor(steps)) - 0.5) > TIE
    np.testing.assert_array_equal(rounded.rounded[clear], nearest.rounded[clear])
    assert (np.abs(rounded.rounded - steps) <= 0.5 + TIE).all()


@pytest.mark.parametrize("grid", [INT8, Grid.whole(4, 4)], ids=str)
@pytest.mark.parametrize("width", [24, BLOCK + 20])
def test_it_is_the_papers_algorithm(width: int, grid: Grid, known: Known) -> None:
    """Row by row as it is defined, the inverse of what remains made anew each time."""
    x, weight = _alike(2, 600, width), _weight(3, width, 4)
    linear, seen = Linear(weight, None, grid), known(x)
    steps = np.repeat(linear.steps, width // len(linear.steps), axis=0)  # each row's, whatever the order
    hessian = seen.gram.astype(np.float64)
    hessian += DAMPING * hessian.diagonal().mean() * np.eye(width)
    left, stored = weight.astype(np.float64), np.zeros(weight.shape)
    remaining = list(np.argsort(-seen.gram.diagonal(), kind="stable"))
    while remaining:
        row = remaining[0]
        inverse = np.linalg.inv(hessian[np.ix_(remaining, remaining)])
        stored[row] = np.clip(np.rint(left[row] / steps[row]), grid.lowest, grid.highest)
        error = (left[row] - stored[row] * steps[row]) / inverse[0, 0]
        left[remaining] -= np.outer(inverse[0], error)
        del remaining[0]
    np.testing.assert_array_equal(round_by_output(linear, seen, DAMPING).stored, stored)


def test_a_layer_that_nothing_ever_reached_is_rounded_to_the_nearest(known: Known) -> None:
    nearest = Linear(_weight(4, 8), None)
    rounded = round_by_output(nearest, known(np.zeros((3, 8), np.float32)), DAMPING)
    np.testing.assert_array_equal(rounded.stored, nearest.rounded, strict=True)
    np.testing.assert_array_equal(rounded.scale, nearest.steps)


def test_a_channel_that_nothing_ever_reached_does_no_harm(known: Known) -> None:
    x, weight = _alike(5, 100, 8), _weight(6, 8)
    x[:, 3] = 0
    nearest = Linear(weight, None)
    rounded = round_by_output(nearest, known(x), DAMPING)
    np.testing.assert_array_equal(rounded.rounded[3], nearest.rounded[3])
    assert _error(rounded, x, weight) < _error(nearest, x, weight)


@pytest.mark.parametrize("damping", [1e-12, 1e-6, 1.0])
def test_a_gram_matrix_without_full_rank(damping: float, known: Known) -> None:
    causes, mix = _weight(7, 300, 2), _weight(8, 2, 64)
    x, weight = 100 * causes @ mix, _weight(9, 64)
    nearest = Linear(weight, None)
    assert _error(round_by_output(nearest, known(x), damping), x, weight) < _error(nearest, x, weight)


def test_without_a_gram_matrix_it_is_refused() -> None:
    zeros = np.zeros(8, np.float32)
    with pytest.raises(TypeError, match="Gram matrix"):
        round_by_output(Linear(_weight(0, 8), None), Statistics(1, zeros, zeros, zeros, None), 0.01)
