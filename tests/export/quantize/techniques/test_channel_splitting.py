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
from edgeattn_export.quantize.techniques.smoothing import smooth

ROUNDING = 32 * np.finfo(np.float32).eps  # of the sum of the products' absolute values
BETTER = 0.3  # of int8's error, where one channel is eight times the others
SHARE = 0.7

Floats = NDArray[np.float32]
Known = Callable[[Floats], Statistics]

numbers = st.floats(-1e6, 1e6, width=32)
layers = st.integers(1, 6).flatmap(
    lambda width: st.tuples(
        arrays(np.float32, (5, width), elements=numbers), arrays(np.float32, (width, 3), elements=numbers)
    )
)


def _behind(linear: Linear, x: Floats) -> NDArray[np.float64]:
    """Return x as the layer's weight takes it: with copies, divided."""
    taken = x if linear.copies is None else np.concatenate([x, x[:, linear.copies]], 1)
    divisor = 1.0 if linear.divisor is None else linear.divisor.astype(np.float64)
    return taken / divisor


def _drawn(outlier: float) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(0)
    x, weight = (generator.standard_normal(dims).astype(np.float32) for dims in ((64, 32), (32, 16)))
    x[:, 5] *= outlier
    return x, weight


@given(layers, st.floats(0, 1, exclude_min=True), st.booleans())
def test_the_product_stays_what_it_was(
    known: Known, layer: tuple[Floats, Floats], share: float, is_smoothed: bool
) -> None:
    x, weight = layer
    linear = Linear(weight, None)
    if is_smoothed:
        linear = smooth(linear, known(x), 0.5)
    found = split(linear, known(x), share)
    taken = _behind(found, x)
    products = np.abs(taken) @ np.abs(found.weight.astype(np.float64))
    tiny = np.finfo(np.float32).tiny * np.abs(taken).sum(1, keepdims=True)  # of weights near zero
    difference = np.abs(taken @ found.weight.astype(np.float64) - x.astype(np.float64) @ weight)
    assert (difference <= ROUNDING * products + tiny).all()


def test_no_part_reaches_much_farther_than_asked(known: Known) -> None:
    x, weight = _drawn(6.0)
    linear, statistics = Linear(weight, None), known(x)
    reach = split(linear, statistics, SHARE).input_statistics(statistics).largest
    assert reach.max() <= (1 + UNLIKE) * np.median(statistics.largest) / SHARE * (1 + 1e-6)
    assert statistics.largest.max() > 3 * reach.max()


def test_no_channel_comes_more_often_than_the_most(known: Known) -> None:
    x, weight = _drawn(1e6)
    copies = split(Linear(weight, None), known(x), SHARE).copies
    assert copies is not None
    assert (copies == 5).sum() == MOST_COPIES - 1


def test_parts_are_unlike(known: Known) -> None:
    x, weight = _drawn(6.0)
    linear = split(Linear(weight, None), known(x), SHARE)
    assert linear.copies is not None
    assert linear.divisor is not None
    parts = [linear.divisor[5], *linear.divisor[32:][linear.copies == 5]]
    assert len(set(parts)) == len(parts) > 3
    assert sum(1 / part for part in parts) == pytest.approx(1)


@pytest.mark.parametrize("bias", [None, np.ones(16, np.float32)])
def test_an_outlier_channel_costs_the_others_less(
    bias: Floats | None, written: Callable[..., ir.Model], known: Known
) -> None:
    x, weight = _drawn(8.0)
    linear = Linear(weight, bias, paired=True)
    right = (x.astype(np.float64) @ weight + (0 if bias is None else bias)).astype(np.float32)
    models = [written(INT8, layer) for layer in (linear, split(linear, known(x), SHARE))]
    plain, parted = (np.abs(ORT_CPU.runner(model)({"x": x[None]})["y"] - right).mean() for model in models)
    assert parted < BETTER * plain
    assert operators(models[1])["Concat"] == 1


@pytest.mark.parametrize("x", [np.ones((3, 2), np.float32), np.zeros((3, 2), np.float32)])
def test_a_layer_without_outliers_stays_as_it_is(known: Known, x: Floats) -> None:
    linear = Linear(np.ones((2, 2), np.float32), None)
    assert split(linear, known(x), SHARE) is linear
