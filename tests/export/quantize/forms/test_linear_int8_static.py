from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Recipe, Treatment, quantize
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_static import INT8_STATIC
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics

ROUNDING = 1e-6  # of the sum of the products' absolute values: what float32 adds

FORM = INT8_STATIC
GENERATOR = np.random.default_rng(0)
WEIGHT, BIAS, X = (
    GENERATOR.standard_normal(dims).astype(np.float32) for dims in ((64, 32), (32,), (2, 9, 64))
)
Known = Callable[[np.ndarray], Statistics]


@pytest.mark.parametrize("bias", [BIAS, None])
def test_the_error_is_half_a_step_of_the_calibrated_range(
    bias: np.ndarray | None, written: Callable[..., ir.Model], known: Known
) -> None:
    linear = Linear(WEIGHT, bias, paired=True).reaching(known(X.reshape(-1, 64)))
    model = written(FORM, linear)
    rounded = linear.dequantized
    step = (X.max() - X.min()) / 255
    bound = step / 2 * np.abs(rounded).sum(0) + ROUNDING * (np.abs(X) @ np.abs(rounded) + 1)
    for x in (X, X / 10):  # the step is the same, whatever an input reaches
        right = x @ rounded + (0 if bias is None else bias)
        assert (np.abs(ORT_CPU.runner(model)({"x": x})["y"] - right) <= bound).all()
    assert operators(model) == {"QuantizeLinear": 1, "MatMulIntegerToFloat": 1}


def test_what_reaches_farther_than_any_sample_is_cut_off(written: Callable[..., ir.Model]) -> None:
    linear = Linear(np.eye(4, dtype=np.float32), None, paired=True, reach=(-1.0, 1.0))
    found = ORT_CPU.runner(written(FORM, linear))({"x": np.array([[[-9, -0.5, 0, 9]]], np.float32)})["y"]
    np.testing.assert_allclose(found[0, 0], [-1, -0.5, 0, 1], atol=1 / 128)


@pytest.mark.parametrize("reach", [(0.0, 0.0), (2.0, 3.0), (-3.0, -2.0)])
def test_zero_is_in_every_range(reach: tuple[float, float], written: Callable[..., ir.Model]) -> None:
    linear = Linear(WEIGHT, BIAS, paired=True, reach=reach)
    found = ORT_CPU.runner(written(FORM, linear))({"x": np.zeros_like(X)})["y"]
    np.testing.assert_array_equal(found, np.broadcast_to(BIAS, found.shape))


def test_the_range_is_that_of_the_smoothed_input(known: Known) -> None:
    x = np.array([[8, 1], [-4, 1]], np.float32)
    linear = Linear(np.ones((2, 2), np.float32), None, paired=True, divisor=np.array([4, 0.5], np.float32))
    assert linear.reaching(known(x)).reach == (-1, 2)
    assert replace(linear, outliers=np.array([1])).reaching(known(x)).reach == (-1, 2)


def test_samples_fix_the_range(
    by_hand: Callable[..., ir.Model],
    rows: Callable[..., Samples],
    calibrated: Callable[..., Calibration],
) -> None:
    samples = rows(X[0], 2 * X[1])
    made = quantize(
        calibrated(by_hand(WEIGHT, BIAS), samples),
        Recipe("", (("*", Treatment("int8 static", (("smoothing", 0.5), ("rounding", 0.1)))),), ()),
    )
    assert [layer.form for layer in made.layers] == ["int8 static"]
    for sample in samples:
        right = sample.inputs["x"] @ WEIGHT + BIAS
        found = ORT_CPU.runner(made.model)(sample.inputs)["y"]
        assert np.abs(found - right).max() < 0.05 * np.abs(right).max()


def test_a_layer_that_was_never_calibrated_is_refused(written: Callable[..., ir.Model]) -> None:
    with pytest.raises(ValueError, match="range"):
        written(FORM, Linear(WEIGHT, None, paired=True))


def test_any_layer_fits() -> None:
    assert FORM.unfit(1, 1) is None
