from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.affine import quantize_along
from edgeattn_export.quantize.arithmetic.grid import INT8, Grid

WHOLE_SHARE = 0.85  # at most, of the error of the symmetric grid of as many bits: 15 steps for 14
HALF = 0.5 * (1 + 1e-5)  # a step, and what float32 adds
BFLOAT16_ERROR = 2.0**-8  # of a number that is rounded to it, at most

Floats = NDArray[np.float32]

weights = arrays(np.float32, (8, 3), elements=st.floats(-1e3, 1e3, width=32))


@given(weights, st.sampled_from([7, 64, 127]))
def test_without_blocks_a_channel_has_one_step(weight: Floats, highest: int) -> None:
    grid = Grid.symmetric(highest)
    stored, scale = quantize_along(weight, axis=0, levels=highest)
    np.testing.assert_array_equal(grid.scale_of(weight), scale, strict=True)
    np.testing.assert_array_equal(grid.round(weight, scale), stored, strict=True)


@given(weights, st.sampled_from([4, 8]), st.sampled_from([2, 4, 8]))
def test_the_largest_of_a_block_is_the_lowest_number(weight: Floats, bits: int, block: int) -> None:
    grid = Grid.whole(bits, block)
    scale = grid.scale_of(weight)
    assert scale.shape == (8 // block, 3)
    stored = grid.round(weight, scale)
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
    weight = np.random.default_rng(0).standard_normal((512, 64)).astype(np.float32)
    errors = [
        np.square(grid.dequantize(grid.round(weight, grid.scale_of(weight)), grid.scale_of(weight)) - weight)
        for grid in (Grid.whole(4, 32), Grid(-7, 7, 32))
    ]
    assert errors[0].mean() < WHOLE_SHARE * errors[1].mean()


def test_a_block_of_zeros_is_zeros() -> None:
    weight = np.zeros((4, 2), np.float32)
    weight[2:, 0] = 1
    grid = Grid.whole(4, 2)
    np.testing.assert_array_equal(
        grid.dequantize(grid.round(weight, grid.scale_of(weight)), grid.scale_of(weight)), weight
    )


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_is_refused(value: float) -> None:
    weight = np.ones((4, 2), np.float32)
    weight[3, 1] = value
    for grid in (INT8, Grid.whole(4, 2)):
        with pytest.raises(ValueError, match="NaN"):
            grid.scale_of(weight)


def test_bits_are_those_of_a_stored_number() -> None:
    assert [grid.bits for grid in (INT8, Grid.symmetric(64), Grid.whole(4, 32), Grid(-7, 7))] == [8, 8, 4, 4]
