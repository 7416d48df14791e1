from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Recipe, Treatment, quantize
from edgeattn_export.quantize.affine import LARGEST
from edgeattn_export.quantize.forms import LinearForm
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import INT8_BLOCKS
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT7, INT8
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_per_token import INT8_PER_TOKEN
from edgeattn_export.quantize.forms.ort_cpu.linear_residual_int8 import RESIDUAL_INT8
from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.saturation import Risk, at_risk, dynamic_quantize, saturation
from edgeattn_export.targets.cpu import FORMS
from edgeattn_runtime.bundle.deviation import cosine

ROUNDING = 1e-6  # of a cosine: what float32 sums add
INT16, INT32 = np.iinfo(np.int16), np.iinfo(np.int32)
FULL = np.ones((1, 64), np.float32)  # all activations 255

Floats = NDArray[np.float32]
Written = Callable[..., ir.Model]
Rows = Callable[..., Samples]


def _normal(seed: int, *dims: int) -> Floats:
    return np.random.default_rng(seed).standard_normal(dims).astype(np.float32)


def _product(x: Floats, linear: Linear, sums: np.iinfo) -> Floats:
    """Return the product, two neighbors at a time, as a CPU makes it that adds them in so many bits."""
    q, step, zero = dynamic_quantize(x)
    wide, stored = q.astype(np.int64), linear.rounded.astype(np.int64)
    total = np.zeros((len(x), stored.shape[1]), np.int64)
    for d in range(0, len(stored), 2):
        both = wide[:, d, None] * stored[d] + wide[:, d + 1, None] * stored[d + 1]
        total += np.clip(both, sums.min, sums.max)
    return ((total - int(zero) * stored.sum(0)) * step * linear.steps).astype(np.float32)


@pytest.mark.parametrize("form", [INT8, INT8_PER_TOKEN], ids=lambda form: form.name)
def test_a_layer_that_saturates_is_at_risk(form: LinearForm, written: Written, rows: Rows) -> None:
    weight = np.ones((64, 2), np.float32)
    weight[1::2, 1] = 0  # a channel whose pairs fit, beside one whose pairs do not
    (risk,) = at_risk(written(form, Linear(weight, None)), rows(FULL), ORT_CPU, FORMS)
    assert (risk.module, risk.saturated) == ("encoder.linear", 0.5)
    right = 32 * 255 * LARGEST * np.array([2, 1])
    wrong = 32 * np.array([32767, 255 * LARGEST])
    np.testing.assert_allclose(risk.cosine, cosine(right, wrong), atol=ROUNDING)


def test_the_cosine_is_that_of_the_worst_sample(written: Written, rows: Rows) -> None:
    weight = np.abs(_normal(0, 64, 8)) + 1
    linear = Linear(weight, None)
    model = written(INT8, linear)
    low, high = np.full((3, 64), 0.1, np.float32), np.abs(_normal(1, 5, 64))
    low[:, 0] = 1  # most activations are small: nothing saturates
    (risk,) = saturation(model, rows(low, high), ORT_CPU, FORMS)
    np.testing.assert_allclose(
        risk.cosine, cosine(_product(high, linear, INT16), _product(high, linear, INT32)), atol=ROUNDING
    )
    assert at_risk(model, rows(low), ORT_CPU, FORMS) == ()
    assert saturation(model, rows(low), ORT_CPU, FORMS) == (Risk("encoder.linear", "y", 0.0, 1.0),)


def test_the_bias_is_part_of_the_layer(written: Written, rows: Rows) -> None:
    weight = np.abs(_normal(0, 64, 8)) + 1
    (bare,) = saturation(written(INT8, Linear(weight, None)), rows(FULL * 0.7, FULL), ORT_CPU, FORMS)
    bias = 1e4 * np.ones(8, np.float32)
    (biased,) = saturation(written(INT8, Linear(weight, bias)), rows(FULL * 0.7, FULL), ORT_CPU, FORMS)
    assert biased.saturated == bare.saturated > 0
    assert bare.cosine < biased.cosine < 1


@pytest.mark.parametrize("form", [INT7, INT8_BLOCKS], ids=lambda form: form.name)
def test_a_form_that_cannot_saturate_is_not_named(form: LinearForm, written: Written, rows: Rows) -> None:
    model = written(form, Linear(np.ones((64, 2), np.float32), None, form.grid))
    assert saturation(model, rows(FULL), ORT_CPU, FORMS) == ()


def test_both_products_of_a_layer_are_judged(written: Written, rows: Rows) -> None:
    x = _normal(2, 6, 64)
    found = saturation(written(RESIDUAL_INT8, Linear(_normal(3, 64, 16), None)), rows(x), ORT_CPU, FORMS)
    assert len(found) == 2
    assert all(risk.saturated > 0 for risk in found)
    (alone,) = saturation(written(INT8, Linear(_normal(3, 64, 16), None)), rows(x), ORT_CPU, FORMS)
    np.testing.assert_allclose(found[0].cosine, alone.cosine, atol=ROUNDING)


@pytest.mark.parametrize("paired", [True, False])
def test_every_cpu_answers_as_the_simulation_says(paired: bool, written: Written) -> None:
    linear = Linear(np.abs(_normal(0, 64, 8)) + 1, None, paired=paired)
    x = np.abs(_normal(1, 5, 64))
    (found,) = ORT_CPU.runner(written(INT8, linear))({"x": x[None]})["y"]
    exact, saturated = (_product(x, linear, sums) for sums in (INT32, INT16))
    assert np.array_equal(exact, saturated) == paired
    nearest = min((exact, saturated), key=lambda each: np.abs(each - found).max())
    np.testing.assert_allclose(found, nearest, rtol=1e-5)


@pytest.mark.parametrize("form", FORMS.linears, ids=lambda form: form.name)
def test_only_an_unpaired_form_can_be_at_risk(
    form: LinearForm, by_hand: Callable[..., ir.Model], rows: Rows, calibrated: Callable[..., Calibration]
) -> None:
    known = calibrated(by_hand(np.abs(_normal(0, 64, 8)) + 1), rows(FULL, np.abs(_normal(1, 5, 64))))
    made = quantize(known, Recipe("", (("*", Treatment(form.name)),), ()))
    risks = at_risk(made.model, known.samples, ORT_CPU, FORMS)
    assert bool(risks) == (form.name == "int8 unpaired")


def test_unsigned_weights_never_saturate(rows: Rows) -> None:
    tape = Tape()
    x, y = ir.val("x", ir.DataType.FLOAT, (1, "n", 64)), ir.val("y", ir.DataType.FLOAT, (1, "n", 2))
    weight = embed(tape, np.full((64, 2), 255, np.uint8), "weight")
    tape.op(
        "DynamicQuantizeMatMul",
        [x, weight, embed(tape, np.ones(1, np.float32), "scale")],
        domain="com.microsoft",
        output=y,
    )
    imports = {"": 23, "com.microsoft": 1}
    graph = ir.Graph([x], [y], nodes=tape.nodes, initializers=tape.initializers, opset_imports=imports)
    assert saturation(ir.Model(graph, ir_version=10), rows(FULL), ORT_CPU, FORMS) == ()


@given(
    arrays(
        np.float32, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=st.floats(-100, 100, width=16)
    )
)
def test_activations_are_quantized_as_onnxruntime_does(x: Floats) -> None:
    q, step, zero = dynamic_quantize(x)
    expected = list(DYNAMIC({"x": x}).values())
    np.testing.assert_array_equal(q, expected[0])
    assert (step, zero) == (expected[1], expected[2])


def _dynamic_quantize_linear() -> ir.Model:
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, ("r", "c"))
    outputs = tape.op_multi_out("DynamicQuantizeLinear", [x], num_outputs=3)
    kinds = ((ir.DataType.UINT8, ("r", "c")), (ir.DataType.FLOAT, ()), (ir.DataType.UINT8, ()))
    for value, (dtype, dims) in zip(outputs, kinds, strict=True):
        value.dtype, value.shape = dtype, ir.Shape(dims)
    graph = ir.Graph([x], outputs, nodes=tape.nodes, opset_imports={"": 23})
    return ir.Model(graph, ir_version=10)


DYNAMIC = ORT_CPU.runner(_dynamic_quantize_linear())
