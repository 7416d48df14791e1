from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.grid import Grid
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.bias_correction import correct_bias
from edgeattn_export.quantize.techniques.rounding import round_by_output
from edgeattn_export.quantize.techniques.smoothing import smooth

ROUNDING = 1e-5  # of float32 sums of a few dozen numbers near 1
FEW = Grid(-7, 7)  # few, so that rounding moves the mean a lot

Floats = NDArray[np.float32]
Known = Callable[[Floats], Statistics]


def _layer(seed: int) -> tuple[Floats, Linear]:
    generator = np.random.default_rng(seed)
    x, weight = (generator.standard_normal(dims).astype(np.float32) for dims in ((40, 12), (12, 5)))
    return x + 1, Linear(weight, generator.standard_normal(5).astype(np.float32), FEW)


def _mean_output(linear: Linear, x: Floats) -> Floats:
    divided = x if linear.divisor is None else x / linear.divisor
    output = divided @ linear.dequantized
    return (output if linear.bias is None else output + linear.bias).mean(0)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1, exclude_min=True))
def test_the_mean_output_is_right_again(known: Known, seed: int, share: float) -> None:
    x, linear = _layer(seed)
    right = (x @ linear.weight + linear.bias).mean(0)
    left = (1 - share) * (_mean_output(linear, x) - right)
    corrected = correct_bias(linear, known(x), share)
    np.testing.assert_allclose(_mean_output(corrected, x) - right, left, atol=ROUNDING)
    np.testing.assert_array_equal(corrected.rounded, linear.rounded)


def test_a_bias_appears_where_there_was_none(known: Known) -> None:
    x, biased = _layer(0)
    linear = Linear(biased.weight, None, FEW)
    right = (x @ linear.weight).mean(0)
    assert np.abs(_mean_output(linear, x) - right).max() > 100 * ROUNDING
    corrected = correct_bias(linear, known(x), 1.0)
    assert corrected.bias.dtype == np.float32
    np.testing.assert_allclose(_mean_output(corrected, x), right, atol=ROUNDING)


@pytest.mark.parametrize("rounded", [False, True])
def test_it_follows_smoothing_and_rounding(rounded: bool, known: Known) -> None:
    x, linear = _layer(1)
    seen = known(x)
    smoothed = smooth(linear, seen, 0.7)
    before = round_by_output(smoothed, seen, 0.01) if rounded else smoothed
    corrected = correct_bias(before, seen, 1.0)
    np.testing.assert_array_equal(corrected.rounded, before.rounded)
    right = (x @ linear.weight + linear.bias).mean(0)
    np.testing.assert_allclose(_mean_output(corrected, x), right, atol=ROUNDING)


def test_blocks_are_corrected_too(known: Known) -> None:
    x, plain = _layer(3)
    linear = Linear(plain.weight, plain.bias, Grid.whole(4, 4))
    right = (x @ linear.weight + linear.bias).mean(0)
    np.testing.assert_allclose(_mean_output(correct_bias(linear, known(x), 1.0), x), right, atol=ROUNDING)
