from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.functions import DOMAIN, inlined, write_bodies
from edgeattn_export.lower.ort_cpu import ORT_CPU

FACTORS = {"twice": 2.0, "thrice": 3.0}


def _model(*overloads: str) -> ir.Model:
    """Return a chain of nodes of one operator, a body each."""
    tape = Tape()
    x = value = ir.val("x", ir.DataType.FLOAT, ("n",))
    for overload in overloads:
        value = tape.op("Scale", [value], domain=DOMAIN, overload=overload)
    value.name, value.type = "y", ir.TensorType(ir.DataType.FLOAT)
    return model_of(tape, [x], [value], 23, DOMAIN)


def _body(node: ir.Node, opset: int) -> ir.Function:
    tape, x = Tape(), ir.Value(name="x")
    factor = tape.op("Constant", [], {"value_float": FACTORS[node.overload]})
    y = tape.op("Mul", [x, factor])
    graph = ir.Graph([x], [y], nodes=tape.nodes, opset_imports={"": opset})
    return ir.Function(DOMAIN, "Scale", node.overload, graph=graph, attributes=[])


def test_bodies_of_one_operator_are_told_apart_by_their_overload() -> None:
    model = _model("twice", "thrice", "twice")
    write_bodies(model, {"Scale": _body})
    assert [overload for _, _, overload in model.functions] == ["twice", "thrice"]
    answer = ORT_CPU.runner(model)({"x": np.ones(2, np.float32)})["y"]
    np.testing.assert_array_equal(answer, np.full(2, 12, np.float32))


@pytest.mark.parametrize("opset", [21, 23])
def test_a_body_is_written_at_the_opset_of_its_graph(opset: int) -> None:
    model = _model("twice")
    model.opset_imports[""] = opset
    write_bodies(model, {"Scale": _body})
    (function,) = model.functions.values()
    assert function.opset_imports[""] == opset


def test_an_inlined_graph_answers_the_same_and_knows_no_kernel() -> None:
    model = _model("twice", "thrice")
    write_bodies(model, {"Scale": _body})
    plain = inlined(model)
    assert not plain.functions
    assert DOMAIN not in plain.opset_imports
    assert {node.op_type for node in plain.graph} == {"Constant", "Mul"}
    x = {"x": np.arange(3, dtype=np.float32)}
    np.testing.assert_array_equal(ORT_CPU.runner(plain)(x)["y"], ORT_CPU.runner(model)(x)["y"])
    assert [node.op_type for node in model.graph] == ["Scale", "Scale"]


def test_a_graph_without_functions_is_left_as_it_is() -> None:
    model = _model()
    write_bodies(model, {})
    assert inlined(model) is model
