from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.affine import LARGEST, dequantize, quantize_along, step_and_zero

ROUNDING = 1e-4  # of a step: what float32's own division adds to the half
HUGE = 2.0**126

Matrix = NDArray[np.float32]

matrices = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(-HUGE, HUGE, width=32, allow_nan=False),
)
ordinary = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(-3, 3, width=32),
)
axes = st.sampled_from([0, 1])


@given(st.one_of(matrices, ordinary), axes)
def test_nothing_moves_by_more_than_half_a_step(weight: Matrix, axis: int) -> None:
    stored, scale = quantize_along(weight, axis)
    error = np.abs(weight.astype(np.float64) - stored.astype(np.float64) * scale.astype(np.float64))
    assert (error <= scale.astype(np.float64) * (0.5 + ROUNDING)).all()


@given(matrices, axes)
def test_dims_and_dtypes(weight: Matrix, axis: int) -> None:
    stored, scale = quantize_along(weight, axis)
    assert stored.shape == weight.shape
    assert stored.dtype == np.int8
    assert scale.shape == ((1, weight.shape[1]) if axis == 0 else (weight.shape[0], 1))
    assert scale.dtype == np.float32
    assert (scale > 0).all()
    found = dequantize(stored, scale)
    assert found.dtype == np.float32
    assert found.shape == weight.shape
    assert np.isfinite(found).all()


@given(matrices, axes)
def test_the_range_is_symmetric_and_zero_stays_zero(weight: Matrix, axis: int) -> None:
    stored, scale = quantize_along(weight, axis)
    assert stored.min() >= -LARGEST
    assert (stored[weight == 0] == 0).all()
    mirrored, same = quantize_along(-weight, axis)
    np.testing.assert_array_equal(mirrored, -stored)
    np.testing.assert_array_equal(same, scale)


@given(ordinary, axes)
def test_each_slice_has_its_own_scale_and_uses_the_whole_range(weight: Matrix, axis: int) -> None:
    stored, scale = quantize_along(weight, axis)
    for index in range(weight.shape[1 - axis]):
        part, step = (np.take(values, [index], 1 - axis) for values in (stored, scale))
        alone, alone_step = quantize_along(np.take(weight, [index], 1 - axis), axis)
        np.testing.assert_array_equal(part, alone)
        np.testing.assert_array_equal(step, alone_step)
        if np.abs(np.take(weight, index, 1 - axis)).max() > 1e-30:
            assert np.abs(part).max() == LARGEST


def test_by_hand() -> None:
    weight = np.array([[1.27, 0.0], [-0.635, 0.0], [0.004, 0.0]], np.float32)
    stored, scale = quantize_along(weight, 0)
    np.testing.assert_array_equal(stored, [[127, 0], [-64, 0], [0, 0]])
    np.testing.assert_allclose(scale, [[0.01, 1.0]], rtol=1e-6)
    np.testing.assert_array_equal(quantize_along(weight, 1)[0], [[127, 0], [-127, 0], [127, 0]])


@pytest.mark.parametrize("magnitude", [1e-45, 2e-43, 1e-38, 1e-30, 1e30, 3.4e38])
def test_extreme_magnitudes(magnitude: float) -> None:
    weight = np.array([[magnitude, -magnitude / 2]], np.float32)
    stored, scale = quantize_along(weight, 1)
    error = np.abs(weight.astype(np.float64) - stored.astype(np.float64) * scale.astype(np.float64))
    assert (error <= scale.astype(np.float64) * (0.5 + ROUNDING)).all()
    assert np.isfinite(dequantize(stored, scale)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("axis", [0, 1])
def test_what_is_not_finite_is_refused(value: float, axis: int) -> None:
    with pytest.raises(ValueError, match="NaN"):
        quantize_along(np.array([[0.0, 1.0], [value, 2.0]], np.float32), axis)


@pytest.mark.parametrize("steps", [255, 65535])
def test_a_range_of_activations_begins_and_ends_at_a_step(steps: int) -> None:
    for low, high in ((-1.0, 3.0), (0.0, 2.0), (0.5, 2.0), (-4.0, -1.0)):
        step, zero = step_and_zero(low, high, steps)
        assert (0 - float(zero)) * step == pytest.approx(min(low, 0), abs=float(step))
        assert (steps - float(zero)) * step == pytest.approx(max(high, 0), abs=float(step))
    assert step_and_zero(0.0, 0.0, steps) == (1, 0)
