from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT8
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.smoothing import SMALLEST_SHARE, smooth

ROUNDING = 16 * np.finfo(np.float32).eps  # of the sum of the products' absolute values
OUTLIER = 100.0  # times the other channels
BETTER = 0.3  # of the unsmoothed error

Floats = NDArray[np.float32]
Known = Callable[[Floats], Statistics]

numbers = st.floats(-1e6, 1e6, width=32)
layers = st.integers(1, 6).flatmap(
    lambda width: st.tuples(
        arrays(np.float32, (5, width), elements=numbers), arrays(np.float32, (width, 3), elements=numbers)
    )
)
exponents = st.floats(0, 1, exclude_min=True)


def _known(x: Floats) -> Statistics:
    return Statistics(len(x), x.min(0), x.max(0), x.mean(0), None)


@given(layers, exponents)
def test_the_product_stays_what_it_was(layer: tuple[Floats, Floats], exponent: float) -> None:
    x, weight = (values.astype(np.float64) for values in layer)
    smoothed = smooth(Linear(layer[1], None), _known(layer[0]), exponent)
    divisor = np.ones(x.shape[1]) if smoothed.divisor is None else smoothed.divisor.astype(np.float64)
    assert (divisor > 0).all()
    assert np.isfinite(divisor).all()
    found = (x / divisor) @ smoothed.weight.astype(np.float64)
    tiny = np.finfo(np.float32).tiny * np.abs(x / divisor).sum(1, keepdims=True)  # of weights near zero
    assert (np.abs(found - x @ weight) <= ROUNDING * (np.abs(x) @ np.abs(weight)) + tiny).all()


def test_twice_is_exact_too(known: Known) -> None:
    generator = np.random.default_rng(0)
    x, weight = (generator.standard_normal(dims).astype(np.float32) for dims in ((9, 8), (8, 3)))
    once = smooth(Linear(weight, None), known(x), 0.6)
    twice = smooth(once, known(x), 0.9)
    assert once.divisor is not None
    assert twice.divisor is not None
    assert np.abs(np.log(twice.divisor / once.divisor)).max() > 0.1
    np.testing.assert_allclose((x / twice.divisor) @ twice.weight, x @ weight, atol=1e-5)


def test_all_outliers_are_moved_at_1_and_half_of_them_at_a_half(known: Known) -> None:
    generator = np.random.default_rng(1)
    x, weight = (generator.standard_normal(dims).astype(np.float32) for dims in ((50, 16), (16, 8)))
    x[:, 3] *= OUTLIER
    linear, seen = Linear(weight, None), known(x)
    whole = smooth(linear, seen, 1.0)
    flat = whole.input_statistics(seen).largest
    np.testing.assert_allclose(flat, flat[0], rtol=1e-5)
    half = smooth(linear, seen, 0.5)
    ratio = half.input_statistics(seen).largest / np.abs(half.weight).max(1)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)  # the input and the weight share them


def test_an_outlier_channel_costs_int8_less(written: Callable[..., ir.Model], known: Known) -> None:
    generator = np.random.default_rng(2)
    x, weight = (generator.standard_normal(dims).astype(np.float32) for dims in ((64, 32), (32, 16)))
    x[:, 5] *= OUTLIER
    linear = Linear(weight, None, paired=True)
    plain, smoothed = (
        np.abs(ORT_CPU.runner(written(INT8, layer))({"x": x[None]})["y"] - x @ weight).mean()
        for layer in (linear, smooth(linear, known(x), 0.5))
    )
    assert smoothed < BETTER * plain


def test_nothing_to_move_in_a_layer_of_zeros(known: Known) -> None:
    ones, zeros = np.ones((3, 2), np.float32), np.zeros((3, 2), np.float32)
    for x, weight in ((ones, zeros.T), (zeros, ones.T), (zeros, zeros.T)):
        linear = Linear(weight, None)
        assert smooth(linear, known(x), 0.5) is linear


@pytest.mark.parametrize("largest", [1e-44, 1.0, 1e15])
def test_a_channel_that_is_never_used_is_taken_for_a_small_one(largest: float, known: Known) -> None:
    x = np.full((3, 4), largest, np.float32)
    x[:, 2] = 0
    weight = np.ones((4, 2), np.float32)
    smoothed = smooth(Linear(weight, None), known(x), 0.5)
    assert smoothed.divisor is not None
    np.testing.assert_allclose(smoothed.divisor[2] / smoothed.divisor[0], SMALLEST_SHARE**0.5, rtol=1e-5)
    weight[1] = 0
    assert np.isfinite(smooth(Linear(weight, None), known(x), 0.5).weight).all()
