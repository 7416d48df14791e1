from __future__ import annotations

import numpy as np
import pytest
from draws import drawn_seed
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.grid import INT8, LARGEST, Grid

WHOLE_SHARE = 0.85  # at most, of the error of the symmetric grid of as many bits: 15 steps for 14
ROUNDING = 1e-4  # of a step: what float32's own division adds to the half
HALF = 0.5 * (1 + 1e-5)  # a step, and what float32 adds
BFLOAT16_ERROR = 2.0**-8  # of a number that is rounded to it, at most

Floats = NDArray[np.float32]

weights = arrays(np.float32, (8, 3), elements=st.floats(-1e3, 1e3, width=32))
huge = arrays(np.float32, (8, 3), elements=st.floats(-(2.0**126), 2.0**126, width=32))


@given(st.one_of(weights, huge))
def test_int8_has_a_step_a_channel_and_errs_by_half_of_it(weight: Floats) -> None:
    stored, scale = INT8.quantize(weight)
    assert (stored.shape, stored.dtype) == (weight.shape, np.int8)
    assert (scale.shape, scale.dtype) == ((1, weight.shape[1]), np.float32)
    assert (scale > 0).all()
    assert stored.min() >= -LARGEST
    used = np.abs(weight).max(0) > 1e-30
    assert (np.abs(stored).max(0)[used] == LARGEST).all()
    assert (stored[weight == 0] == 0).all()
    exact = stored.astype(np.float64) * scale.astype(np.float64)
    assert (np.abs(weight.astype(np.float64) - exact) <= scale.astype(np.float64) * (0.5 + ROUNDING)).all()
    found = INT8.dequantize(stored, scale)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact, rtol=1e-6)
    mirrored, same = INT8.quantize(-weight)
    np.testing.assert_array_equal(mirrored, -stored)
    np.testing.assert_array_equal(same, scale)


def test_by_hand() -> None:
    stored, scale = INT8.quantize(np.array([[1.27, 0.0], [-0.635, 0.0], [0.004, 0.0]], np.float32))
    np.testing.assert_array_equal(stored, [[127, 0], [-64, 0], [0, 0]])
    np.testing.assert_allclose(scale, [[0.01, 1.0]], rtol=1e-6)


@pytest.mark.parametrize("magnitude", [1e-45, 2e-43, 1e-38, 1e-30, 1e30, 3.4e38])
def test_extreme_magnitudes(magnitude: float) -> None:
    weight = np.array([[magnitude], [-magnitude / 2]], np.float32)
    stored, scale = INT8.quantize(weight)
    error = np.abs(weight.astype(np.float64) - stored.astype(np.float64) * scale.astype(np.float64))
    assert (error <= scale.astype(np.float64) * (0.5 + ROUNDING)).all()
    assert np.isfinite(INT8.dequantize(stored, scale)).all()


@given(weights, st.sampled_from([4, 8]), st.sampled_from([2, 4, 8]))
def test_the_largest_of_a_block_is_the_lowest_number(weight: Floats, bits: int, block: int) -> None:
    grid = Grid.whole(bits, block)
    stored, scale = grid.quantize(weight)
    assert scale.shape == (8 // block, 3)
    blocks, largest = stored.reshape(-1, block, 3), np.abs(weight).reshape(-1, block, 3).max(1)
    used = largest > 1e-30
    assert (blocks.min(1)[used] == grid.lowest).all()
    # All but those of the other sign that lie beyond the highest number are within half a step; these are as
    # much farther off as the step is shorter than its nearest number of bfloat16 let it be.
    error = np.abs(grid.dequantize(stored, scale) - weight).reshape(-1, block, 3)
    beyond = (blocks == grid.highest) * (HALF - grid.lowest * BFLOAT16_ERROR)
    assert (error <= (HALF + beyond) * np.abs(scale)[:, None]).all()


@given(weights, st.sampled_from([2, 4]))
def test_blocks_are_weights_of_their_own(weight: Floats, block: int) -> None:
    grid, alone = Grid.whole(4, block), Grid.whole(4, 8)
    scale = grid.scale_of(weight)
    for start in range(0, 8, block):
        part = weight[start : start + block]
        np.testing.assert_array_equal(Grid.whole(4, block).scale_of(part)[0], scale[start // block])
    rows = grid.of_rows(scale, 8)
    np.testing.assert_array_equal(rows[::block], scale)
    np.testing.assert_array_equal(grid.round(weight, scale), np.clip(np.rint(weight / rows), -8, 7))
    assert alone.scale_of(weight).shape == (1, 3)


def test_the_whole_grid_is_more_exact_than_a_symmetric_one() -> None:
    weight = np.random.default_rng(drawn_seed(0)).standard_normal((512, 64)).astype(np.float32)
    errors = [
        np.square(grid.dequantize(*grid.quantize(weight)) - weight)
        for grid in (Grid.whole(4, 32), Grid(-7, 7, 32))
    ]
    assert errors[0].mean() < WHOLE_SHARE * errors[1].mean()


def test_a_block_of_zeros_is_zeros() -> None:
    weight, grid = np.zeros((4, 2), np.float32), Grid.whole(4, 2)
    weight[2:, 0] = 1
    np.testing.assert_array_equal(grid.dequantize(*grid.quantize(weight)), weight)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_is_refused(value: float) -> None:
    weight = np.ones((4, 2), np.float32)
    weight[3, 1] = value
    for grid in (INT8, Grid.whole(4, 2)):
        with pytest.raises(ValueError, match="NaN"):
            grid.scale_of(weight)


def test_bits_are_those_of_a_stored_number() -> None:
    assert [grid.bits for grid in (INT8, Grid(-64, 64), Grid.whole(4, 32), Grid(-7, 7))] == [8, 8, 4, 4]
