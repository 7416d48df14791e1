"""The techniques that move, split or take out outlier channels: the product stays what it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT8
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.channel_splitting import MOST_COPIES, UNLIKE, split
from edgeattn_export.quantize.techniques.outlier_channels import split_off
from edgeattn_export.quantize.techniques.smoothing import SMALLEST_SHARE, smooth

ROUNDING = 16 * np.finfo(np.float32).eps  # of the sum of the products' absolute values
SHARE = 0.7

Floats = NDArray[np.float32]
Known = Callable[[Floats], Statistics]
Technique = Callable[[Linear, Statistics, float], Linear]

numbers = st.floats(-1e6, 1e6, width=32)
layers = st.integers(1, 6).flatmap(
    lambda width: st.tuples(
        arrays(np.float32, (5, width), elements=numbers), arrays(np.float32, (width, 3), elements=numbers)
    )
)
shares = st.floats(0, 1, exclude_min=True)


def _drawn(outlier: float) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(0)
    x, weight = (generator.standard_normal(dims).astype(np.float32) for dims in ((64, 32), (32, 16)))
    x[:, 5] *= outlier
    return x, weight


@pytest.mark.parametrize("technique", [smooth, split, split_off])
@given(layers, shares, st.booleans())
def test_the_product_stays_what_it_was(
    technique: Technique, known: Known, layer: tuple[Floats, Floats], share: float, is_smoothed: bool
) -> None:
    x, weight = layer
    linear = Linear(weight, None)
    if is_smoothed and technique is split:
        linear = smooth(linear, known(x), 0.5)
    found = technique(linear, known(x), share)
    divisor = np.ones(len(found.weight)) if found.divisor is None else found.divisor.astype(np.float64)
    assert (divisor > 0).all()
    assert np.isfinite(divisor).all()
    taken = (x if found.copies is None else np.concatenate([x, x[:, found.copies]], 1)) / divisor
    product = taken @ found.weight.astype(np.float64)
    if found.outliers is not None:
        assert not found.weight[found.outliers].any()
        product += x[:, found.outliers].astype(np.float64) @ found.outlier_weight
    products = np.abs(x.astype(np.float64)) @ np.abs(weight)
    if technique is split:  # of a layer that smoothing may have rounded before
        products = 2 * np.abs(taken) @ np.abs(found.weight.astype(np.float64))
    tiny = np.finfo(np.float32).tiny * np.abs(taken).sum(1, keepdims=True)  # of weights near zero
    assert (np.abs(product - x.astype(np.float64) @ weight) <= ROUNDING * products + tiny).all()


@pytest.mark.parametrize(
    ("technique", "number", "outlier", "better"),
    [(smooth, 0.5, 100, 0.3), (split, SHARE, 8, 0.3), (split_off, 0.33, 1000, 0.1)],
)
@pytest.mark.parametrize("bias", [None, np.ones(16, np.float32)])
def test_an_outlier_channel_costs_the_others_less(
    technique: Technique,
    number: float,
    outlier: float,
    better: float,
    bias: Floats | None,
    written: Callable[..., ir.Model],
    known: Known,
) -> None:
    x, weight = _drawn(outlier)
    linear = Linear(weight, bias, paired=True)
    right = (x.astype(np.float64) @ weight + (0 if bias is None else bias)).astype(np.float32)
    models = [written(INT8, layer) for layer in (linear, technique(linear, known(x), number))]
    plain, changed = (np.abs(ORT_CPU.runner(model)({"x": x[None]})["y"] - right).mean() for model in models)
    assert changed < better * plain
    assert operators(models[1]).get("Concat", 0) == (technique is split)


ONES, ZEROS = np.ones((3, 2), np.float32), np.zeros((3, 2), np.float32)


@pytest.mark.parametrize(
    ("technique", "number", "x", "weight"),
    [
        (smooth, 0.5, ONES, ZEROS.T),
        (smooth, 0.5, ZEROS, ONES.T),
        (split, SHARE, ONES, ONES.T),
        (split, SHARE, ZEROS, ONES.T),
        (split_off, 0.33, np.array([[1, -1.5], [1, -2]], np.float32), ONES.T),
    ],
)
def test_a_layer_without_outliers_stays_as_it_is(
    technique: Technique, number: float, x: Floats, weight: Floats, known: Known
) -> None:
    linear = Linear(weight, None)
    assert technique(linear, known(x), number) is linear


def test_smoothing_twice_is_exact_too(known: Known) -> None:
    generator = np.random.default_rng(0)
    x, weight = (generator.standard_normal(dims).astype(np.float32) for dims in ((9, 8), (8, 3)))
    once = smooth(Linear(weight, None), known(x), 0.6)
    twice = smooth(once, known(x), 0.9)
    assert np.abs(np.log(twice.divisor / once.divisor)).max() > 0.1
    np.testing.assert_allclose((x / twice.divisor) @ twice.weight, x @ weight, atol=1e-5)


def test_all_outliers_are_moved_at_1_and_half_of_them_at_a_half(known: Known) -> None:
    x, weight = _drawn(100)
    linear, seen = Linear(weight, None), known(x)
    flat = smooth(linear, seen, 1.0).input_statistics(seen).largest
    np.testing.assert_allclose(flat, flat[0], rtol=1e-5)
    half = smooth(linear, seen, 0.5)
    ratio = half.input_statistics(seen).largest / np.abs(half.weight).max(1)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)  # the input and the weight share them


@pytest.mark.parametrize("largest", [1e-44, 1.0, 1e15])
def test_a_channel_that_is_never_used_is_taken_for_a_small_one(largest: float, known: Known) -> None:
    x = np.full((3, 4), largest, np.float32)
    x[:, 2] = 0
    weight = np.ones((4, 2), np.float32)
    divisor = smooth(Linear(weight, None), known(x), 0.5).divisor
    np.testing.assert_allclose(divisor[2] / divisor[0], SMALLEST_SHARE**0.5, rtol=1e-5)
    weight[1] = 0
    assert np.isfinite(smooth(Linear(weight, None), known(x), 0.5).weight).all()


def test_no_part_reaches_much_farther_than_asked_and_parts_are_unlike(known: Known) -> None:
    x, weight = _drawn(6.0)
    statistics = known(x)
    linear = split(Linear(weight, None), statistics, SHARE)
    reach = linear.input_statistics(statistics).largest
    assert reach.max() <= (1 + UNLIKE) * np.median(statistics.largest) / SHARE * (1 + 1e-6)
    assert statistics.largest.max() > 3 * reach.max()
    parts = [linear.divisor[5], *linear.divisor[32:][linear.copies == 5]]
    assert len(set(parts)) == len(parts) > 3
    assert sum(1 / part for part in parts) == pytest.approx(1)


def test_no_channel_comes_more_often_than_the_most(known: Known) -> None:
    x, weight = _drawn(1e6)
    assert (split(Linear(weight, None), known(x), SHARE).copies == 5).sum() == MOST_COPIES - 1


def test_channels_that_reach_farther_than_the_median_one_are_taken_out(known: Known) -> None:
    x = np.array([[1, -9, 2, 5, 0], [1, 3, -2, 8, 0]], np.float32)  # reach: 1, 9, 2, 8, 0; median 2
    for share, expected in ((0.2, None), (0.24, [1]), (0.26, [1, 3])):
        found = split_off(Linear(np.ones((5, 2), np.float32), None), known(x), share).outliers
        assert (None if found is None else found.tolist()) == expected
