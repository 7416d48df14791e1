from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.gelu_tanh import gelu_tanh
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_per_token import INT8_PER_TOKEN, LOWEST_OF_GELU
from edgeattn_export.quantize.layers.linear import Linear

ROUNDING = 1e-5  # of a row's largest number times the weights: what float32 sums add
OUTLIER = 1000.0  # times the other tokens
BETTER = 0.02  # of int8's error on the other tokens

Floats = NDArray[np.float32]

FORM = INT8_PER_TOKEN

erf = np.vectorize(math.erf)


def _linear(seed: int, *, bias: bool = True) -> Linear:
    generator = np.random.default_rng(drawn_seed(seed))
    weight, shift = (generator.standard_normal(dims).astype(np.float32) for dims in ((32, 16), (16,)))
    return Linear(weight, shift if bias else None, paired=True)


def _x(seed: int) -> Floats:
    """Return tokens of very different sizes, (2, 7, 32)."""
    generator = np.random.default_rng(drawn_seed(seed))
    sizes = 10.0 ** generator.uniform(-3, 3, size=(2, 7, 1))
    return (sizes * generator.standard_normal((2, 7, 32))).astype(np.float32)


def _right(linear: Linear, x: Floats) -> Floats:
    product = x @ linear.dequantized
    return product if linear.bias is None else product + linear.bias


def _bound(linear: Linear, largest: Floats) -> Floats:
    """Return what half a step of the activations may cost at most, where rows hold up to ``largest``."""
    weight = np.abs(linear.dequantized).sum(0)  # (N)
    return largest * weight * (0.5 * 2 / 255 + ROUNDING)


@pytest.mark.parametrize("bias", [True, False])
def test_each_token_errs_by_its_own_step(bias: bool, written: Callable[..., ir.Model]) -> None:
    linear, x = _linear(0, bias=bias), _x(0)
    found = ORT_CPU.runner(written(FORM, linear))({"x": x})["y"]
    error = np.abs(found - _right(linear, x))
    shift = 0 if linear.bias is None else np.abs(linear.bias) * ROUNDING
    assert (error <= _bound(linear, np.abs(x).max(-1, keepdims=True)) + shift).all()


@pytest.mark.parametrize("before", ["", "Relu", "Gelu"])
def test_tokens_of_zeros_answer_the_bias(before: str, written: Callable[..., ir.Model]) -> None:
    linear, x = _linear(2), _x(2)
    x[0, 3], x[1, :] = 0, 0
    found = ORT_CPU.runner(written(FORM, linear, before))({"x": x})["y"]
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[0, 3], linear.bias)
    np.testing.assert_array_equal(found[1], np.broadcast_to(linear.bias, (7, 16)))


@pytest.mark.parametrize("tanh", [False, True])
def test_behind_gelu_the_largest_number_is_the_range(tanh: bool, written: Callable[..., ir.Model]) -> None:
    linear, x = _linear(4, bias=False), _x(4)
    x[1, 0] = -np.linspace(0, 3, 32)  # all of it below zero: -0.17 at the least
    model = written(FORM, linear, "Gelu")
    assert "Abs" not in operators(model)
    if tanh:
        assert len(apply(gelu_tanh, model).sites) == 1
    gelu = (x * (1 + erf(x.astype(np.float64) / np.sqrt(2))) / 2).astype(np.float32)
    found = ORT_CPU.runner(model)({"x": x})["y"]
    largest = np.maximum(gelu.max(-1, keepdims=True), LOWEST_OF_GELU)
    approximation = 5e-4 * np.abs(linear.weight).sum(0) if tanh else 0
    assert (np.abs(found - _right(linear, gelu)) <= _bound(linear, largest) + approximation).all()


def test_gelu_never_falls_below_its_lowest() -> None:
    x = np.linspace(-3, 0, 10_001)
    exact = x * (1 + erf(x / np.sqrt(2))) / 2
    tanh = x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2
    assert -LOWEST_OF_GELU <= min(exact.min(), tanh.min()) < -LOWEST_OF_GELU + 1e-3


def test_a_divided_gelu_is_ranged_by_its_absolute_values(written: Callable[..., ir.Model]) -> None:
    plain, divisor = _linear(5, bias=False), np.exp(_x(5)[0, 0] / 1000).astype(np.float32)
    linear = Linear(plain.weight * divisor[:, None], None, paired=True, divisor=divisor)
    assert operators(written(FORM, linear, "Gelu"))["Abs"] == 1
