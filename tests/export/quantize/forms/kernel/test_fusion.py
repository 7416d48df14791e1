"""What a kernel takes in from around its layer, and what not; without the kernel no bit changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.graph.functions import inlined, write_bodies
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms.ort_cpu.kernel.fusion import (
    kernel_activation,
    kernel_norm,
    kernel_residual,
    kernel_smoothing,
)
from edgeattn_export.quantize.forms.ort_cpu.kernel.gate import kernel_gate
from edgeattn_export.targets.cpu import FORMS

WIDTH, CHANNELS = 12, 8
Make = Callable[..., ir.Model]
Build = Callable[[Tape, ir.Value, ir.Value], ir.Value]

RULES = (kernel_smoothing, kernel_activation, kernel_gate, kernel_residual, kernel_norm)


def _answer(model: ir.Model) -> NDArray[np.float32]:
    generator = np.random.default_rng(drawn_seed(1))
    write_bodies(model, FORMS.bodies)
    inputs = {
        name: generator.standard_normal((5, width)).astype(np.float32)
        for name, width in (("x", WIDTH), ("residual", CHANNELS))
    }
    return ORT_CPU.runner(inlined(model))(inputs)["y"]


def _fused(model: ir.Model) -> tuple[int, ir.Model]:
    return sum(len(apply(rule, model).sites) for rule in RULES), model


def _norm(op_type: str, parameters: int = 2, **attributes: object) -> Build:
    def build(tape: Tape, _: ir.Value, y: ir.Value) -> ir.Value:
        numbers = (np.linspace(0.5, 2, CHANNELS), np.linspace(-1, 1, CHANNELS))
        values = [embed(tape, n.astype(np.float32), f"norm{i}") for i, n in enumerate(numbers[:parameters])]
        return tape.op(op_type, [y, *values], attributes)

    return build


def _silu(tape: Tape, _: ir.Value, y: ir.Value) -> ir.Value:
    return tape.op("Mul", [tape.op("Sigmoid", [y]), y])


FUSED: dict[str, Build] = {
    "gelu": lambda tape, _, y: tape.op("Gelu", [y]),
    "gelu_tanh": lambda tape, _, y: tape.op("Gelu", [y], {"approximate": "tanh"}),
    "relu": lambda tape, _, y: tape.op("Relu", [y]),
    "tanh": lambda tape, _, y: tape.op("Tanh", [y]),
    "silu": _silu,
    "residual": lambda tape, r, y: tape.op("Add", [y, r]),
    "residual first": lambda tape, r, y: tape.op("Sum", [r, y]),
    "layer": _norm("LayerNormalization", axis=-1, epsilon=1e-6),
    "layer by its axis": _norm("LayerNormalization", axis=1),
    "rms": _norm("RMSNormalization", parameters=1),
}


@pytest.mark.parametrize("build", FUSED.values(), ids=FUSED)
def test_what_stands_behind_goes_into_the_node_and_no_bit_changes(build: Build, around: Make) -> None:
    expected = _answer(around(build))
    sites, model = _fused(around(build))
    assert sites == 1
    assert operators(model) == {"Int8Linear": 1}
    np.testing.assert_array_equal(_answer(model), expected)


def test_all_that_stands_behind_goes_in_together(around: Make) -> None:
    def build(tape: Tape, residual: ir.Value, y: ir.Value) -> ir.Value:
        added = tape.op("Sum", [tape.op("Gelu", [y]), residual])
        for value in (y, added):
            value.shape, value.type = residual.shape, residual.type
        return _norm("LayerNormalization")(tape, residual, added)

    expected = _answer(around(build))
    sites, model = _fused(around(build))
    assert sites == 3
    (node,) = model.graph
    assert node.attributes.get_string("activation") == "gelu"
    assert node.attributes.get_string("norm") == "layer"
    assert node.inputs[5].name == "residual"
    np.testing.assert_array_equal(_answer(model), expected)


def test_a_norm_whose_input_is_read_elsewhere_leaves_it_as_a_second_output(around: Make) -> None:
    def build(tape: Tape, residual: ir.Value, y: ir.Value) -> ir.Value:
        added = tape.op("Add", [y, residual])
        added.shape, added.type, added.name = residual.shape, residual.type, "sum"
        return tape.op("Sub", [_norm("LayerNormalization")(tape, residual, added), added])

    expected = _answer(around(build))
    sites, model = _fused(around(build))
    assert sites == 2
    linear = next(node for node in model.graph if node.op_type == "Int8Linear")
    assert [value.name for value in linear.outputs][1] == "sum"
    assert operators(model) == {"Int8Linear": 1, "Sub": 1}
    np.testing.assert_array_equal(_answer(model), expected)


def _scale(tape: Tape, shape: tuple[int, ...]) -> ir.Value:
    return embed(tape, np.ones(shape, np.float32), "ones")


def _largest(tape: Tape, residual: ir.Value, *sizes: int) -> ir.Value:
    other = tape.op("ReduceMax", [residual], {"keepdims": int(len(sizes) == 2)})
    other.shape, other.type = ir.Shape(sizes), residual.type
    return other


UNFUSED: dict[str, Build] = {
    "what is read elsewhere": lambda tape, _, y: tape.op("Sub", [tape.op("Gelu", [y]), y]),
    "a residual of one row": lambda tape, r, y: tape.op("Add", [y, _largest(tape, r, 1, CHANNELS)]),
    "a residual of no row": lambda tape, r, y: tape.op("Add", [y, _largest(tape, r, CHANNELS)]),
    "another operator": lambda tape, _, y: tape.op("Exp", [y]),
    "a constant that is added": lambda tape, _, y: tape.op("Add", [y, _scale(tape, (CHANNELS,))]),
    "a sum of three": lambda tape, r, y: tape.op("Sum", [y, r, r]),
    "a value that is added to itself": lambda tape, _, y: tape.op("Add", [y, y]),
    "a product that is no activation": lambda tape, r, y: tape.op("Mul", [y, r]),
    "a sigmoid of something else": lambda tape, r, y: tape.op("Mul", [y, tape.op("Sigmoid", [r])]),
    "a norm whose scale is no vector": lambda tape, _, y: tape.op(
        "RMSNormalization", [y, _scale(tape, (1, CHANNELS))]
    ),
}


@pytest.mark.parametrize("build", UNFUSED.values(), ids=UNFUSED)
def test_what_is_none_of_these_stays(build: Build, around: Make) -> None:
    model = around(build)
    before = operators(model)
    sites, model = _fused(model)
    assert sites == 0
    assert operators(model) == before


def test_an_activation_behind_a_residual_stays(around: Make) -> None:
    def build(tape: Tape, residual: ir.Value, y: ir.Value) -> ir.Value:
        added = tape.op("Add", [y, residual])
        added.shape, added.type = residual.shape, residual.type
        return tape.op("Relu", [added])

    expected = _answer(around(build))
    _, model = _fused(around(build))
    assert apply(kernel_activation, model).sites == ()
    np.testing.assert_array_equal(_answer(model), expected)


def test_smoothing_goes_in_and_no_bit_changes(around: Make) -> None:
    factor = np.linspace(0.5, 2, WIDTH).astype(np.float32)
    expected = _answer(around(lambda tape, _, y: tape.op("Relu", [y]), factor))
    sites, model = _fused(around(lambda tape, _, y: tape.op("Relu", [y]), factor))
    assert sites == 2
    (node,) = model.graph
    np.testing.assert_array_equal(node.inputs[3].const_value.numpy(), factor, strict=True)
    np.testing.assert_array_equal(_answer(model), expected)


@pytest.mark.parametrize("factor", [np.float32(2), np.ones((1, WIDTH), np.float32)], ids=["one", "matrix"])
def test_a_factor_that_is_not_one_number_a_channel_stays(factor: NDArray[np.float32], around: Make) -> None:
    _, model = _fused(around(lambda tape, _, y: tape.op("Relu", [y]), np.asarray(factor)))
    assert operators(model) == {"Mul": 1, "Int8Linear": 1}


def test_a_factor_for_others_too_stays(around: Make) -> None:
    def build(tape: Tape, _: ir.Value, y: ir.Value) -> ir.Value:
        product = y.producer().inputs[0]
        return tape.op("Sub", [y, tape.op("MatMul", [product, _scale(tape, (WIDTH, CHANNELS))])])

    sites, _ = _fused(around(build, np.linspace(0.5, 2, WIDTH, dtype=np.float32)))
    assert sites == 0


def test_a_constant_that_fills_the_output_is_no_residual(around: Make) -> None:
    model = around(lambda tape, _, y: tape.op("Add", [y, _scale(tape, (5, CHANNELS))]))
    model.graph.outputs[0].shape = ir.Shape((5, CHANNELS))
    assert _fused(model)[0] == 0
