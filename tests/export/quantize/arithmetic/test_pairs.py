from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Recipe, Treatment, quantize
from edgeattn_export.quantize.arithmetic.affine import step_and_zero
from edgeattn_export.quantize.arithmetic.grid import LARGEST
from edgeattn_export.quantize.arithmetic.pairs import LARGEST_SUM, bound, largest_sums
from edgeattn_export.quantize.forms import LinearForm
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT8
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.targets.cpu import FORMS

FULL = 255  # the largest activation
INT16, INT32 = np.iinfo(np.int16), np.iinfo(np.int32)

Bytes = NDArray[np.int8]
Rows = Callable[..., Samples]
sides = st.integers(1, 7)
large = st.one_of(st.integers(-LARGEST, LARGEST), st.sampled_from([-LARGEST, -64, -1, 1, 64, LARGEST]))


weights = st.tuples(sides, sides).flatmap(lambda dims: arrays(np.int8, dims, elements=large))


def _normal(seed: int, *dims: int) -> NDArray[np.float32]:
    return np.random.default_rng(drawn_seed(seed)).standard_normal(dims).astype(np.float32)


def _sums(x: NDArray[np.integer], weight: Bytes, bits: np.iinfo) -> NDArray[np.int64]:
    """Return ``x @ weight`` as a CPU computes it that adds two neighbors in so many bits, (T, N)."""
    pad = len(weight) % 2
    wide = np.pad(x.astype(np.int64), ((0, 0), (0, pad)))
    rows = np.pad(weight.astype(np.int64), ((0, pad), (0, 0)))
    pairs = wide[:, 0::2, None] * rows[0::2] + wide[:, 1::2, None] * rows[1::2]  # (T, D / 2, N)
    return np.asarray(np.clip(pairs, bits.min, bits.max).sum(1))


def _can_saturate(weight: Bytes) -> bool:
    largest = np.full((1, len(weight)), FULL, np.uint8)
    return bool((_sums(largest, weight, INT16) != _sums(largest, weight, INT32)).any())


@given(weights)
def test_a_weight_is_bound_where_the_largest_activations_saturate(weight: Bytes) -> None:
    assert (bound(weight) != weight).any() == _can_saturate(weight)


@pytest.mark.parametrize("form", FORMS.linears, ids=lambda form: form.name)
def test_no_form_saturates(
    form: LinearForm, by_hand: Callable[..., ir.Model], rows: Rows, calibrated: Callable[..., Calibration]
) -> None:
    calibration = calibrated(by_hand(np.abs(_normal(0, 64, 8)) + 1), rows(np.ones((1, 64), np.float32)))
    model = quantize(calibration, Recipe("", (("*", Treatment(form.name)),), ())).model
    stored = [value.const_value.numpy() for value in model.graph.initializers.values()]
    weights = [each for each in stored if each.dtype in (np.int8, np.uint8) and each.ndim > 1]
    assert weights
    is_kernel = bool(model.functions)  # whose weights are (N, D)
    assert not any(_can_saturate(each.T if is_kernel else each) for each in weights if each.dtype == np.int8)


@pytest.mark.parametrize("paired", [True, False])
def test_every_cpu_answers_as_its_sums_say(paired: bool, written: Callable[..., ir.Model]) -> None:
    linear = Linear(np.abs(_normal(0, 64, 8)) + 1, None, paired=paired)
    x = np.abs(_normal(1, 5, 64))
    x[0] = x.max()  # whose sums surely saturate
    step, zero = step_and_zero(x.min(), x.max())
    stored = np.rint(x / step) + zero
    exact, saturated = (
        (_sums(stored, linear.rounded, bits) - int(zero) * linear.rounded.sum(0, dtype=np.int64))
        * step
        * linear.steps
        for bits in (INT32, INT16)
    )
    assert np.array_equal(exact, saturated) == paired
    (found,) = ORT_CPU.runner(written(INT8, linear))({"x": x[None]})["y"]
    nearest = min((exact, saturated), key=lambda each: np.abs(each - found).max())
    np.testing.assert_allclose(found, nearest, rtol=1e-5)


@given(weights)
def test_what_is_bound_cannot_saturate_and_moves_no_more_than_it_must(weight: Bytes) -> None:
    bounded = bound(weight)
    assert bounded.dtype == np.int8
    assert not _can_saturate(bounded)
    wide = weight.astype(int)
    moved = np.abs(bounded.astype(int) - wide)
    padded, shifts = (np.pad(a, ((0, len(a) % 2), (0, 0))) for a in (wide, moved))
    excess = np.maximum(np.abs(padded[0::2] + padded[1::2]) - LARGEST_SUM, 0)
    np.testing.assert_array_equal(shifts[0::2] + shifts[1::2], excess)
    assert (np.abs(shifts[0::2] - shifts[1::2]) <= 1).all()  # shared alike: the nearest


def test_the_reach_is_a_number_or_a_sum() -> None:
    weight = np.array([[3, 3, -3, 1], [2, -2, -2, 0], [1, 1, 1, 4]], np.float32)
    np.testing.assert_array_equal(largest_sums(weight), [[5, 3, 5, 4]])
    huge = np.full((2, 1), np.finfo(np.float32).max, np.float32)
    assert np.isfinite(largest_sums(huge)).all()
