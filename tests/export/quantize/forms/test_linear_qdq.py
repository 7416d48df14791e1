from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import operators, producer
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower import Lowered
from edgeattn_export.lower.ort_cpu import ORT_QDQ
from edgeattn_export.quantize import Calibration, Recipe, Treatment, quantize
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ8, QDQ16, LinearQdq
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.recover import Recovered

ROUNDING = 1e-6  # of the sum of the products' absolute values: what float32 adds
STEP = 0.03  # of the output's scale: a few steps of an activation of 8 bits

GENERATOR = np.random.default_rng(0)
WEIGHT, BIAS, X = (
    GENERATOR.standard_normal(dims).astype(np.float32) for dims in ((64, 32), (32,), (2, 9, 64))
)
Known = Callable[[np.ndarray], Statistics]

every = pytest.mark.parametrize("form", [QDQ8, QDQ16], ids=lambda form: form.name)


def _calibrated(form: LinearQdq, bias: np.ndarray | None, known: Known) -> Linear:
    linear = Linear(WEIGHT, bias, paired=True, input_steps=form.input_steps)
    return linear.reaching(known(X.reshape(-1, 64)))


@every
@pytest.mark.parametrize("bias", [BIAS, None])
def test_the_error_is_half_a_step_of_the_calibrated_range(
    form: LinearQdq, bias: np.ndarray | None, written: Callable[..., ir.Model], known: Known
) -> None:
    linear = _calibrated(form, bias, known)
    rounded = linear.dequantized
    span = X.max() - X.min()
    bound = span / form.input_steps / 2 * np.abs(rounded).sum(0) + ROUNDING * (
        np.abs(X) @ np.abs(rounded) + 1
    )
    model = written(form, linear)
    for x in (X, X / 10):  # the step is the same, whatever an input reaches
        right = x @ rounded + (0 if bias is None else bias)
        assert (np.abs(ORT_QDQ.runner(model)({"x": x})["y"] - right) <= bound).all()
    added = {} if bias is None else {"Add": 1}
    assert operators(model) == {"DequantizeLinear": 2, "QuantizeLinear": 1, "MatMul": 1, **added}


@pytest.mark.parametrize(
    ("form", "dtype"),
    [(QDQ8, ir.DataType.UINT8), (QDQ16, ir.DataType.UINT16)],
)
def test_activations_have_the_dtype_of_their_zero(
    form: LinearQdq, dtype: ir.DataType, written: Callable[..., ir.Model], known: Known
) -> None:
    model = written(form, _calibrated(form, None, known))
    (quantize_linear,) = (node for node in model.graph if node.op_type == "QuantizeLinear")
    assert quantize_linear.inputs[2] is not None
    assert quantize_linear.inputs[2].dtype is dtype


@every
def test_what_reaches_farther_than_any_sample_is_cut_off(
    form: LinearQdq, written: Callable[..., ir.Model]
) -> None:
    linear = Linear(np.eye(4, dtype=np.float32), None, paired=True, reach=(-1.0, 1.0))
    found = ORT_QDQ.runner(written(form, linear))({"x": np.array([[[-9, -0.5, 0, 9]]], np.float32)})["y"]
    np.testing.assert_allclose(found[0, 0], [-1, -0.5, 0, 1], atol=2 / 255)


@every
@pytest.mark.parametrize("reach", [(0.0, 0.0), (2.0, 3.0), (-3.0, -2.0)])
def test_zero_is_in_every_range(
    form: LinearQdq, reach: tuple[float, float], written: Callable[..., ir.Model]
) -> None:
    linear = Linear(WEIGHT, BIAS, paired=True, reach=reach)
    found = ORT_QDQ.runner(written(form, linear))({"x": np.zeros_like(X)})["y"]
    np.testing.assert_array_equal(found, np.broadcast_to(BIAS, found.shape))


@every
def test_a_layer_that_was_never_calibrated_is_refused(
    form: LinearQdq, written: Callable[..., ir.Model]
) -> None:
    with pytest.raises(ValueError, match="range"):
        written(form, Linear(WEIGHT, None, paired=True))


@every
@pytest.mark.parametrize(
    "techniques",
    [
        (("smoothing", 0.5), ("least-error range", 0.3), ("rounding", 0.1)),
        (("outlier channels", 0.5), ("smoothing", 0.5), ("clipping", 0.8), ("bias correction", 1.0)),
        (("smoothing", 0.5), ("channel splitting", 0.7), ("percentile range", 0.9999)),
    ],
)
def test_every_technique_serves_it(
    form: LinearQdq,
    techniques: tuple[tuple[str, float], ...],
    layers: tuple[Captured, Samples, Recovered],
    scaled_error: Callable[..., float],
) -> None:
    captured, samples, recovered = layers
    calibration = Calibration(recovered.model, samples, ORT_QDQ, Forms(linears=(form,)))
    made = quantize(calibration, Recipe("", (("*", Treatment(form.name, techniques)),), ()))
    assert {layer.form for layer in made.layers} == {form.name, "float"}
    for sample in samples:
        expected, found = captured.reference(sample.inputs), ORT_QDQ.runner(made.model)(sample.inputs)
        for name in ("biased.output", "flat.output", "tied.output", "shared.output"):
            assert 0 < scaled_error({name: expected[name]}, {name: found[name]}) < STEP


def test_16_bits_are_more_exact_than_8(written: Callable[..., ir.Model], known: Known) -> None:
    errors = []
    for form in (QDQ16, QDQ8):
        linear = _calibrated(form, BIAS, known)
        right = X @ linear.dequantized + BIAS
        errors.append(np.abs(ORT_QDQ.runner(written(form, linear))({"x": X})["y"] - right).max())
    assert errors[0] < errors[1] / 100


def test_scores_and_masks_stay_float(lowered: Lowered, samples: Samples) -> None:
    calibration = Calibration(lowered.model, samples, ORT_QDQ, Forms(linears=(QDQ8,)))
    made = quantize(calibration, Recipe("", (("*", Treatment(QDQ8.name)),), ()))
    quantized = [node for node in made.model.graph if node.op_type == "QuantizeLinear"]
    assert operators(made.model)["Attention"]
    assert len(quantized) == len(calibration.layers)
    inputs = {layer.x for layer in calibration.layers}
    assert {node.inputs[0].name for node in quantized if node.inputs[0] is not None} == inputs
    attentions = [node for node in made.model.graph if node.op_type == "Attention"]
    assert not any(producer(value, "DequantizeLinear") for node in attentions for value in node.inputs)
