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
from edgeattn_export.quantize.techniques.outlier_channels import split_off

ROUNDING = 16 * np.finfo(np.float32).eps  # of the sum of the products' absolute values
BETTER = 0.1  # of int8's error, where one channel is a thousand times the others

Floats = NDArray[np.float32]
Known = Callable[[Floats], Statistics]

numbers = st.floats(-1e6, 1e6, width=32)
layers = st.integers(1, 6).flatmap(
    lambda width: st.tuples(
        arrays(np.float32, (5, width), elements=numbers), arrays(np.float32, (width, 3), elements=numbers)
    )
)


@given(layers, st.floats(0, 1, exclude_min=True))
def test_both_products_are_the_whole(known: Known, layer: tuple[Floats, Floats], share: float) -> None:
    x, weight = layer
    linear = split_off(Linear(weight, None), known(x), share)
    reach = np.abs(x).max(0)
    outliers = np.flatnonzero(np.median(reach) < share * reach)
    if linear.outliers is None or linear.outlier_weight is None:
        assert not len(outliers)
        return
    inside = x.copy()
    inside[:, linear.outliers] = 0
    found = inside @ linear.weight + x[:, linear.outliers] @ linear.outlier_weight
    assert (np.abs(found - x @ weight) <= ROUNDING * (np.abs(x) @ np.abs(weight))).all()
    assert not linear.weight[linear.outliers].any()
    np.testing.assert_array_equal(linear.outliers, outliers)


def test_channels_that_reach_farther_than_the_median_one_are_taken(known: Known) -> None:
    x = np.array([[1, -9, 2, 5, 0], [1, 3, -2, 8, 0]], np.float32)  # reach: 1, 9, 2, 8, 0; median 2
    for share, expected in ((0.2, None), (0.24, [1]), (0.26, [1, 3])):
        found = split_off(Linear(np.ones((5, 2), np.float32), None), known(x), share).outliers
        assert (None if found is None else found.tolist()) == expected


def test_a_layer_without_outliers_stays_as_it_is(known: Known) -> None:
    x = np.array([[1, -1.5, 2], [1, 1, -2]], np.float32)
    linear = Linear(np.ones((3, 2), np.float32), None)
    assert split_off(linear, known(x), 0.33) is linear


@pytest.mark.parametrize("bias", [None, np.ones(16, np.float32)])
def test_an_outlier_channel_costs_the_others_nothing(
    bias: Floats | None, written: Callable[..., ir.Model], known: Known
) -> None:
    generator = np.random.default_rng(0)
    x, weight = (generator.standard_normal(dims).astype(np.float32) for dims in ((64, 32), (32, 16)))
    x[:, 5] *= 1000
    linear = Linear(weight, bias, paired=True)
    right = (x.astype(np.float64) @ weight + (0 if bias is None else bias)).astype(np.float32)
    plain, split = (
        np.abs(ORT_CPU.runner(written(INT8, layer))({"x": x[None]})["y"] - right).mean()
        for layer in (linear, split_off(linear, known(x), 0.33))
    )
    assert split < BETTER * plain
