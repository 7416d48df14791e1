"""Linear layers whose input has one step, or two: in onnxruntime's operators and in QDQ."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import operators, producer
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.lower import Lowered
from edgeattn_export.lower.ort_cpu import ORT_CPU, ORT_QDQ
from edgeattn_export.quantize import Calibration, Quantized, Recipe, Treatment, quantize
from edgeattn_export.quantize.forms import Forms, LinearForm
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT8
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_static import INT8_STATIC
from edgeattn_export.quantize.forms.ort_cpu.linear_residual_int8 import RESIDUAL_INT8
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ8, QDQ16, QDQ_WEIGHTS
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.recover import Recovered

ROUNDING = 1e-6  # of the sum of the products' absolute values: what float32 adds
STEP = 0.03  # of the output's scale: a few steps of an activation of 8 bits

GENERATOR = np.random.default_rng(drawn_seed(0))
WEIGHT, BIAS, X = (
    GENERATOR.standard_normal(dims).astype(np.float32) for dims in ((64, 32), (32,), (2, 9, 64))
)
QDQ = {"DequantizeLinear": 2, "QuantizeLinear": 1, "MatMul": 1}
RESIDUAL = {"DynamicQuantizeLinear": 1, "MatMulIntegerToFloat": 1, "DequantizeLinear": 1, "Sub": 1, "Add": 1}
FORMS: dict[LinearForm, tuple[Engine, float, dict[str, int], dict[str, int]]] = {
    # the engine, the steps of the input's range, the operators, those that a bias adds
    INT8: (ORT_CPU, 255, {"DynamicQuantizeMatMul": 1}, {}),
    INT8_STATIC: (ORT_CPU, 255, {"QuantizeLinear": 1, "MatMulIntegerToFloat": 1}, {}),
    RESIDUAL_INT8: (ORT_CPU, 255**2, RESIDUAL | {"DynamicQuantizeMatMul": 1}, {}),
    QDQ8: (ORT_QDQ, 255, QDQ, {"Add": 1}),
    QDQ16: (ORT_QDQ, 65535, QDQ, {"Add": 1}),
    QDQ_WEIGHTS: (ORT_QDQ, np.inf, {"DequantizeLinear": 1, "MatMul": 1}, {"Add": 1}),
}
Layers = tuple[Captured, Samples, Recovered]
Known = Callable[[np.ndarray], Statistics]
Write = Callable[..., ir.Model]

every = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
static = pytest.mark.parametrize(
    "form", [form for form in FORMS if form.calibrated], ids=lambda form: form.name
)


def _answer(model: ir.Model, form: LinearForm, x: np.ndarray) -> np.ndarray:
    return FORMS[form][0].runner(model)({"x": x})["y"]


@every
@pytest.mark.parametrize("bias", [BIAS, None])
def test_the_error_is_half_a_step_of_the_range(
    form: LinearForm, bias: np.ndarray | None, written: Write, known: Known
) -> None:
    linear = Linear(WEIGHT, bias, paired=form.paired, input_steps=form.input_steps)
    model = written(form, linear.reaching(known(X.reshape(-1, 64))))
    _, steps, expected, added = FORMS[form]
    rounded = linear.dequantized
    step = (X.max() - X.min()) / steps
    bound = step / 2 * np.abs(rounded).sum(0) + ROUNDING * (np.abs(X) @ np.abs(rounded) + 1)
    for x in (X, X / 10):  # a static step is the same, whatever an input reaches
        right = x @ rounded + (0 if bias is None else bias)
        assert (np.abs(_answer(model, form, x) - right) <= bound).all()
    assert operators(model) == expected | ({} if bias is None else added)


@static
def test_what_reaches_farther_than_any_sample_is_cut_off(form: LinearForm, written: Write) -> None:
    model = written(form, Linear(np.eye(4, dtype=np.float32), None, paired=True, reach=(-1.0, 1.0)))
    found = _answer(model, form, np.array([[[-9, -0.5, 0, 9]]], np.float32))
    np.testing.assert_allclose(found[0, 0], [-1, -0.5, 0, 1], atol=2 / 255)


@static
@pytest.mark.parametrize("reach", [(0.0, 0.0), (2.0, 3.0), (-3.0, -2.0)])
def test_zero_is_in_every_range(form: LinearForm, reach: tuple[float, float], written: Write) -> None:
    found = _answer(written(form, Linear(WEIGHT, BIAS, paired=True, reach=reach)), form, np.zeros_like(X))
    np.testing.assert_array_equal(found, np.broadcast_to(BIAS, found.shape))


@static
def test_a_layer_that_was_never_calibrated_is_refused(form: LinearForm, written: Write) -> None:
    with pytest.raises(ValueError, match="range"):
        written(form, Linear(WEIGHT, None, paired=True))


@static
@pytest.mark.parametrize(
    "techniques",
    [
        (("smoothing", 0.5), ("least-error range", 0.3), ("rounding", 0.1)),
        (("outlier channels", 0.5), ("smoothing", 0.5), ("clipping", 0.8), ("bias correction", 1.0)),
        (("smoothing", 0.5), ("channel splitting", 0.7), ("percentile range", 0.9999)),
    ],
)
def test_every_technique_serves_it(
    form: LinearForm,
    techniques: tuple[tuple[str, float], ...],
    layers: Layers,
    scaled_error: Callable[..., float],
) -> None:
    captured, samples, recovered = layers
    calibration = Calibration(recovered.model, samples, FORMS[form][0], Forms(linears=(form,)))
    made = quantize(calibration, Recipe("", (("*", Treatment(form.name, techniques)),), ()))
    assert {layer.form for layer in made.layers} == {form.name, "float"}
    for sample in samples:
        expected, found = captured.reference(sample.inputs), FORMS[form][0].runner(made.model)(sample.inputs)
        for name in ("biased.output", "flat.output", "tied.output", "shared.output"):
            assert 0 < scaled_error({name: expected[name]}, {name: found[name]}) < STEP


@pytest.mark.parametrize(("form", "dtype"), [(QDQ8, ir.DataType.UINT8), (QDQ16, ir.DataType.UINT16)])
def test_scores_and_masks_stay_float_and_inputs_have_the_dtype_of_their_zero(
    form: LinearForm, dtype: ir.DataType, lowered: Lowered, samples: Samples
) -> None:
    calibration = Calibration(lowered.model, samples, ORT_QDQ, Forms(linears=(form,)))
    made = quantize(calibration, Recipe("", (("*", Treatment(form.name)),), ()))
    quantized = [node for node in made.model.graph if node.op_type == "QuantizeLinear"]
    assert [node.inputs[2].dtype for node in quantized] == [dtype] * len(calibration.layers)
    assert {node.inputs[0].name for node in quantized} == {layer.x for layer in calibration.layers}
    (attention,) = [node for node in made.model.graph if node.op_type == "Attention"]
    assert not any(producer(value, "DequantizeLinear") for value in attention.inputs)


def test_both_residual_products_read_one_weight(written: Write) -> None:
    linear = Linear(WEIGHT, None, paired=True)
    (stored,) = [
        value
        for value in written(RESIDUAL_INT8, linear).graph.initializers.values()
        if value.dtype is ir.DataType.INT8
    ]
    assert len(tuple(stored.uses())) == 2
    np.testing.assert_array_equal(stored.const_value.numpy(), linear.rounded, strict=True)


@pytest.mark.parametrize("x", [np.zeros_like(X), np.full_like(X, 3)])
def test_an_input_that_one_step_holds_leaves_no_residual(x: np.ndarray, written: Write) -> None:
    linear = Linear(WEIGHT, BIAS, paired=True)
    rounded = linear.dequantized
    tolerance = ROUNDING * (np.abs(x) @ np.abs(rounded) + 1)
    found = _answer(written(RESIDUAL_INT8, linear), RESIDUAL_INT8, x)
    assert (np.abs(found - (x @ rounded + BIAS)) <= tolerance).all()


@pytest.mark.parametrize(
    ("module", "operator"),
    [
        ("flat", "DynamicQuantizeMatMul"),
        ("second", "DynamicQuantizeMatMul"),
        ("biased", "MatMulIntegerToFloat"),  # these share their input's quantization
        ("unbiased", "MatMulIntegerToFloat"),
        ("first", "MatMulIntegerToFloat"),
    ],
)
def test_a_linear_layer_becomes_one_operator(module: str, operator: str, int8: Quantized) -> None:
    found = {(node.domain, node.op_type) for node in int8.model.graph if module_of(node) == module}
    assert (MICROSOFT, operator) in found
    assert not {"MatMul", "Gemm", "Add", "Transpose"} & {op_type for _, op_type in found}


def test_the_weight_is_stored_by_channel_and_the_bias_inside(layers: Layers, int8: Quantized) -> None:
    linear = layers[0].reference.module.flat
    node = next(n for n in int8.model.graph if module_of(n) == "flat" and n.domain == MICROSOFT)
    _, stored, scale, zero_point, bias = node.inputs
    assert zero_point is None
    expected = Linear(linear.weight.detach().numpy().T, None, paired=True)  # (D, N)
    np.testing.assert_array_equal(stored.const_value.numpy(), expected.rounded, strict=True)
    np.testing.assert_array_equal(scale.const_value.numpy(), expected.steps[0], strict=True)
    np.testing.assert_array_equal(bias.const_value.numpy(), linear.bias.detach(), strict=True)
