from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT8
from edgeattn_export.quantize.forms.ort_cpu.linear_residual_int8 import RESIDUAL_INT8
from edgeattn_export.quantize.layers.linear import Linear

ROUNDING = 1e-6  # of the sum of the products' absolute values: what float32 adds
BETTER = 0.02  # of int8's error; half a step of a step is a 255th

FORM = RESIDUAL_INT8
GENERATOR = np.random.default_rng(0)
WEIGHT, BIAS, X = (
    GENERATOR.standard_normal(dims).astype(np.float32) for dims in ((64, 32), (32,), (2, 9, 64))
)


@pytest.mark.parametrize("bias", [BIAS, None])
def test_the_error_is_half_a_step_of_what_a_step_leaves(
    bias: np.ndarray | None, written: Callable[..., ir.Model]
) -> None:
    linear = Linear(WEIGHT, bias, paired=True)
    found = ORT_CPU.runner(written(FORM, linear))({"x": X})["y"]
    rounded = linear.dequantized
    right = X @ rounded + (0 if bias is None else bias)
    step = (X.max() - X.min()) / 255
    bound = step / 255 / 2 * np.abs(rounded).sum(0) + ROUNDING * (np.abs(X) @ np.abs(rounded) + 1)
    assert (np.abs(found - right) <= bound).all()


def test_it_is_much_more_exact_than_int8(written: Callable[..., ir.Model]) -> None:
    linear = Linear(WEIGHT, BIAS, paired=True)
    right = X @ linear.dequantized + BIAS
    int8, residual = (
        np.abs(ORT_CPU.runner(written(form, linear))({"x": X})["y"] - right).mean() for form in (INT8, FORM)
    )
    assert residual < BETTER * int8


def test_both_products_read_one_weight(written: Callable[..., ir.Model]) -> None:
    model = written(FORM, Linear(WEIGHT, None, paired=True))
    (stored,) = [v for v in model.graph.initializers.values() if v.dtype is ir.DataType.INT8]
    assert len(tuple(stored.uses())) == 2
    expected = Linear(WEIGHT, None, paired=True).rounded
    np.testing.assert_array_equal(stored.const_value.numpy(), expected, strict=True)


@pytest.mark.parametrize("x", [np.zeros_like(X), np.full_like(X, 3)])
def test_an_input_that_one_step_holds_leaves_nothing(x: np.ndarray, written: Callable[..., ir.Model]) -> None:
    linear = Linear(WEIGHT, BIAS, paired=True)
    found = ORT_CPU.runner(written(FORM, linear))({"x": x})["y"]
    rounded = linear.dequantized
    tolerance = ROUNDING * (np.abs(x) @ np.abs(rounded) + 1)
    assert (np.abs(found - (x @ rounded + BIAS)) <= tolerance).all()


def test_any_layer_fits() -> None:
    assert FORM.unfit(1, 1) is None
