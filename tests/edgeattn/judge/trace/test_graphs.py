"""What is read off graphs: what they call a value, where they have merged one, and which steps round."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape

from edgeattn.judge.trace import next_value
from edgeattn.judge.trace.points import Point, names_in_graphs
from edgeattn.judge.trace.probe import rounding
from edgeattn.judge.trace.recording import Origin
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.scopes import MODULE

FLOATS = ir.TensorType(ir.DataType.FLOAT)


def graph(tape: Tape, inputs: list[ir.Value], outputs: list[ir.Value]) -> ir.Model:
    made = ir.Graph(
        inputs, outputs, nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 23}, name="g"
    )
    return ir.Model(made, ir_version=10)


def named(value: ir.Value, name: str, module: str = "") -> ir.Value:
    value.name, value.type = name, FLOATS
    node = value.producer()
    assert node is not None
    node.metadata_props[MODULE] = module
    return value


def value(name: str) -> ir.Value:
    return ir.Value(name=name, type=FLOATS, shape=ir.Shape(["n"]))


def point(module: str, name: str) -> Point:
    return Point(Origin(module, module, "output", 0, 0), name)


@pytest.fixture
def chain() -> ir.Model:
    """x -> a -> b -> d, and a -> c."""
    tape, x = Tape(), value("x")
    a = named(tape.op("Neg", [x]), "a")
    b = named(tape.op("Abs", [a]), "b")
    c, d = named(tape.op("Exp", [a]), "c"), named(tape.op("Neg", [b]), "d")
    return graph(tape, [x], [c, d])


def test_a_value_that_is_gone_is_judged_by_the_next_one(chain: ir.Model) -> None:
    assert next_value(chain, "a", {"c", "d"}) == "c"
    assert next_value(chain, "a", {"b", "d"}) == "b"
    assert next_value(chain, "b", {"c", "d"}) == "d"
    assert next_value(chain, "d", {"a"}) is None


def test_what_an_encoder_hands_over_is_known_by_its_module() -> None:
    tape, x = Tape(), value("x")
    kept = named(tape.op("Neg", [x]), "kept", "encoder")
    keys = named(tape.op("Neg", [kept]), "cross_key_0", "layer.key+value")
    values = named(tape.op("Abs", [kept]), "cross_value_0", "layer.key+value")
    encoder = graph(tape, [x], [keys, values])
    tape, given = Tape(), [value("cross_key_0"), value("cross_value_0")]
    decoder = graph(tape, given, [named(tape.op("Add", given), "y", "layer")])
    points = [
        point("encoder", "kept"),
        point("layer.value", "linear_1"),
        point("layer.key", "linear"),
        point("layer.query", "linear_2"),
        point("layer", "y"),
    ]
    one, two = np.array([1, 2], np.float32), np.array([3, -1], np.float32)
    expected = {"kept": one, "linear": one, "linear_1": two, "linear_2": one, "y": one + two}
    seen = {"kept": one, "cross_key_0": one * 1.01, "cross_value_0": two * 0.9, "y": one}
    assert names_in_graphs([encoder, decoder], points, expected, seen) == {
        "kept": "kept",
        "linear_1": "cross_value_0",
        "linear": "cross_key_0",
        "y": "y",
    }


def test_a_value_of_other_dims_or_of_integers_is_not_the_points() -> None:
    tape, x = Tape(), value("x")
    model = graph(tape, [x], [named(tape.op("Neg", [x]), "a")])
    expected = {"a": np.ones(2, np.float32)}
    assert names_in_graphs([model], [point("m", "a")], expected, {"a": np.ones(3, np.float32)}) == {}
    assert names_in_graphs([model], [point("m", "a")], expected, {"a": np.ones(2, np.uint8)}) == {}


def test_a_step_rounds_where_integers_are_between_it_and_the_steps_before() -> None:
    tape, x = Tape(), value("x")
    a = named(tape.op("Neg", [x]), "a")
    scale, zero = embed(tape, np.array(0.1, np.float32), "scale"), embed(tape, np.array(0, np.int8), "zero")
    stored = tape.op("QuantizeLinear", [a, scale, zero])
    b = named(tape.op("DequantizeLinear", [stored, scale, zero]), "b")
    model = graph(tape, [x], [named(tape.op("Neg", [b]), "c")])
    own = {"a": "a", "b": "b", "linear": "c"}
    assert rounding([model], own) == {"a": False, "b": True, "linear": False}
    assert rounding([model], {"linear": "c"}) == {"linear": True}
