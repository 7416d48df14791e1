from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from fixture_types import Plainly
from onnx_ir.tape import Tape

from edgeattn_export.capture import Captured
from edgeattn_export.graph.dataflow import dims, embed, operators, producer
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.fixed import bind
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Calibration, Quantized, Recipe, quantize
from edgeattn_export.quantize.arithmetic.affine import EIGHT, SIXTEEN, step_and_zero
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.forms.qdq.pair import STORING, emit_pair
from edgeattn_export.quantize.forms.qdq.whole import BOUNDED, WholeQdq
from edgeattn_export.quantize.layers.ranges import Range, ranges_of
from edgeattn_runtime.bundle.deviation import cosine

FORMS = Forms((), whole=WholeQdq())
LEAST = 0.9999  # cosine, of 16 bits throughout
Write = Callable[[Tape, dict[str, ir.Value]], ir.Value]
Written = Callable[[Mapping[str, tuple[ir.DataType, tuple[int | str, ...]]], Write], ir.Model]
Widths = Callable[[ir.Value], list[ir.DataType]]
FLOAT = ir.DataType.FLOAT
SQUARE = {"x": (FLOAT, ("batch", 4))}
DRAWN = np.random.default_rng(drawn_seed(0))


@pytest.fixture(scope="module")
def whole(plain: ir.Model, samples: Samples) -> Quantized:
    """The tiny encoder, its values in 16 bits and its weights too."""
    calibration = Calibration(plain, samples, ORT_CPU, FORMS)
    return quantize(calibration, Recipe("whole", (), ()))


def _floats_between(model: ir.Model) -> list[str]:
    """Return what nodes read in float that was not stored before."""
    return [
        f"{value.name} of {node.op_type}"
        for node in model.graph
        for value in node.inputs
        if node.op_type not in STORING and value is not None and value.dtype is FLOAT
        if producer(value, "DequantizeLinear") is None
    ]


def test_all_that_flows_is_stored(whole: Quantized) -> None:
    found = operators(whole.model)
    assert found["QuantizeLinear"] > found["MatMul"] + found["Add"] + found["Softmax"]
    # The rows of the position table that a length asks for are a constant as soon as it is bound.
    assert _floats_between(whole.model) == ["module.positions of Slice", "slice_1 of Add"]


def test_layers_without_a_form_are_in_16_bits(whole: Quantized) -> None:
    assert {layer.form for layer in whole.layers} == {"16-bit integers"}
    assert FORMS.noun("16-bit integers") == "layer"


def test_its_answers_are_those_of_16_bits(
    plain: ir.Model, samples: Samples, encoder: Captured, plainly: Plainly
) -> None:
    asked = []
    for length in (1, 4, 12):
        inputs = dict(sized_inputs(samples, encoder.axes, {"batch": 2, "sequence": length}))
        inputs["mask"] = inputs["mask"].copy()
        inputs["mask"][1, 1:] = 0
        asked.append(Sample(inputs))
    ranged = replace(samples, items=(*samples, *asked))  # beyond its ranges a value is clipped, not rounded
    whole = quantize(Calibration(plain, ranged, ORT_CPU, FORMS), Recipe("whole", (), ()))
    exact, stored = ORT_CPU.runner(plain), plainly(whole.model)
    for sample in asked:
        expected, found = exact(sample.inputs), stored(sample.inputs)
        assert min(cosine(expected[name], found[name]) for name in expected) > LEAST


def test_bound_sizes_leave_no_constant_in_float(
    whole: Quantized,
    samples: Samples,
    encoder: Captured,
    plainly: Plainly,
    scaled_error: Callable[..., float],
) -> None:
    sizes = {"batch": 1, "sequence": 9}
    bound = bind(whole.model, sizes)
    WholeQdq().complete(bound)
    assert _floats_between(bound) == []
    inputs = sized_inputs(samples, encoder.axes, sizes)
    assert scaled_error(plainly(whole.model)(inputs), plainly(bound)(inputs)) < 1e-3


@pytest.mark.parametrize("op_type", BOUNDED)
def test_what_is_bounded_has_the_steps_of_its_bounds(op_type: str, written: Written) -> None:
    model = written(SQUARE, lambda tape, values: tape.op(op_type, [values["x"]]))
    WholeQdq().store(model, {"x": Range(-9, 9), "y": Range(0, 0.1)})
    stored = next(node for node in model.graph if node.op_type == op_type).outputs[0].uses()[0].node
    step = stored.inputs[1].const_value.numpy()
    low, high = BOUNDED[op_type]
    assert step == pytest.approx((high - low) / SIXTEEN)


def test_a_view_has_the_steps_of_what_it_shows(written: Written) -> None:
    model = written(SQUARE, lambda tape, values: tape.op("Transpose", [values["x"]]))
    WholeQdq().store(model, {"x": Range(-1, 1), "y": Range(0, 0.1)})
    steps = {float(n.inputs[1].const_value.numpy()) for n in model.graph if n.op_type == "QuantizeLinear"}
    assert len(steps) == 1


def test_a_layer_of_8_bits_is_converted_before_and_after(written: Written, widths: Widths) -> None:
    weight = DRAWN.standard_normal((4, 4)).astype(np.float32)

    def write(tape: Tape, values: dict[str, ir.Value]) -> ir.Value:
        narrow = emit_pair(tape, values["x"], step_and_zero(-3, 3, EIGHT), "narrow")
        product = tape.op("MatMul", [narrow, embed(tape, weight, "weight")])
        return tape.op("Add", [tape.op("Relu", [product]), values["x"]])

    model = written(SQUARE, write)
    exact = model.clone()
    x = DRAWN.standard_normal((3, 4)).astype(np.float32)
    WholeQdq().store(model, ranges_of(model, [{"x": x}], ORT_CPU))
    product = next(node for node in model.graph if node.op_type == "MatMul")
    into = producer(producer(product.inputs[0], "DequantizeLinear").inputs[0], "QuantizeLinear")
    assert into.outputs[0].dtype is ir.DataType.UINT8
    assert producer(into.inputs[0], "DequantizeLinear").inputs[0].dtype is ir.DataType.UINT16
    assert widths(product.outputs[0]) == [ir.DataType.UINT8, ir.DataType.UINT16]
    assert cosine(ORT_CPU.runner(exact)({"x": x})["y"], ORT_CPU.runner(model)({"x": x})["y"]) > 0.999


def test_between_two_layers_of_8_bits_nothing_is_widened(written: Written, widths: Widths) -> None:
    def write(tape: Tape, values: dict[str, ir.Value]) -> ir.Value:
        weight = embed(tape, np.eye(4, dtype=np.float32), "weight")
        x = values["x"]
        for layer in ("first", "second"):
            x = tape.op("MatMul", [emit_pair(tape, x, step_and_zero(-3, 3, EIGHT), layer), weight])
        return x

    model = written(SQUARE, write)
    made = (value.name or "" for node in model.graph for value in node.outputs)
    WholeQdq().store(model, dict.fromkeys(("x", *made), Range(-3, 3)))
    first = next(node for node in model.graph if node.op_type == "MatMul")
    assert widths(first.outputs[0]) == [ir.DataType.UINT8] * 2


def test_outputs_keep_their_names(whole: Quantized, encoder: Captured) -> None:
    assert [value.name for value in whole.model.graph.outputs] == [t.name for t in encoder.graph.outputs]
    assert all(dims(value) for value in whole.model.graph.outputs)
