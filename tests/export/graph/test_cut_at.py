from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.values import cut_at, cut_inputs, values_of
from edgeattn_export.lower.ort_cpu import ORT_CPU

FLOATS = ir.TensorType(ir.DataType.FLOAT)


def graph() -> ir.Model:
    """x -> Neg -> a -> Abs -> b -> Neg -> y; b is an output, too."""
    tape = Tape()
    x = ir.Value(name="x", type=FLOATS, shape=ir.Shape(["n"]))
    a = tape.op("Neg", [x])
    b = tape.op("Abs", [a])
    y = tape.op("Neg", [b])
    for value, name in ((a, "a"), (b, "b"), (y, "y")):
        value.name, value.type, value.shape = name, FLOATS, ir.Shape(["n"])
    return ir.Model(
        ir.Graph([x], [b, y], nodes=list(tape.nodes), opset_imports={"": 23}, name="g"), ir_version=10
    )


def test_each_stretch_answers_for_what_it_is_given() -> None:
    model = graph()
    x, a, b = (np.array([value], np.float32) for value in (1.0, -5.0, 7.0))
    actual = ORT_CPU.runner(cut_at(model, ["a", "b"]))({"x": x, **cut_inputs({"a": a, "b": b})})
    assert {name: value.tolist() for name, value in actual.items()} == {"a": [-1], "b": [5], "y": [-7]}


def test_the_graph_is_left_as_it_is() -> None:
    model = graph()
    cut_at(model, ["a"])
    assert [value.name for value in model.graph.inputs] == ["x"]
    assert values_of(model)["b"].producer().inputs[0].name == "a"
