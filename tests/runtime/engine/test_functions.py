"""Functions of an ONNX file are counted as they would expand, before an engine expands them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pytest
from onnx import (
    AttributeProto,
    FunctionProto,
    GraphProto,
    ModelProto,
    NodeProto,
    OperatorSetIdProto,
    TensorProto,
    ValueInfoProto,
)

from edgeattn_runtime import BundleError
from edgeattn_runtime.engine.functions import check_functions
from edgeattn_runtime.engine.session import open_session

OPSETS = [OperatorSetIdProto(version=17), OperatorSetIdProto(domain="f", version=1)]


def _node(operator: str, given: str = "a", made: str = "b", domain: str = "") -> NodeProto:
    return NodeProto(op_type=operator, input=[given], output=[made], domain=domain)


def _call(name: str, given: str = "a", made: str = "b") -> NodeProto:
    return _node(name, given, made, "f")


def _function(name: str, nodes: Sequence[NodeProto], overload: str = "") -> FunctionProto:
    return FunctionProto(
        domain="f",
        name=name,
        input=["a"],
        output=["b"],
        node=nodes,
        opset_import=OPSETS,
        overload=overload,
    )


def _graph(nodes: Sequence[NodeProto]) -> GraphProto:
    given, made = ValueInfoProto(name="x"), ValueInfoProto(name="y")
    for value in (given, made):
        value.type.tensor_type.elem_type = 1
        value.type.tensor_type.shape.dim.add(dim_value=4)
    return GraphProto(name="g", node=nodes, input=[given], output=[made])


def _model(functions: Sequence[FunctionProto], nodes: Sequence[NodeProto]) -> bytes:
    model = ModelProto(ir_version=10, graph=_graph(nodes), functions=functions, opset_import=OPSETS)
    return bytes(model.SerializeToString())


def _doubling(levels: int) -> bytes:
    """A graph whose functions call one another twice."""
    functions = [_function("F0", [_node("Relu")])]
    functions += [
        _function(f"F{i}", [_call(f"F{i - 1}", "a", "c"), _call(f"F{i - 1}", "c", "b")])
        for i in range(1, levels + 1)
    ]
    return _model(functions, [_call(f"F{levels}", "x", "y")])


def test_few_are_opened() -> None:
    session = open_session(_doubling(6), providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": -np.ones(4, np.float32)})[0].tolist() == [0] * 4


@pytest.mark.parametrize("levels", [15, 25, 60])
def test_functions_that_double_are_refused_at_once(levels: int) -> None:
    began = time.process_time()
    with pytest.raises(BundleError, match=r"^model: functions that expand to [\d,]+ nodes"):
        open_session(_doubling(levels), providers=["CPUExecutionProvider"])
    assert time.process_time() - began < 1


def test_functions_without_end_are_refused() -> None:
    content = _model([_function("F", [_call("G")]), _function("G", [_call("F")])], [_call("F", "x", "y")])
    with pytest.raises(BundleError, match="without end"):
        check_functions(BytesIO(content), "model")
    deep = [_function(f"F{i}", [_call(f"F{i + 1}")]) for i in range(5000)]
    with pytest.raises(BundleError, match="100 deep"):
        check_functions(BytesIO(_model(deep, [_call("F0", "x", "y")])), "model")


def test_constants_count_by_their_bytes() -> None:
    body = [NodeProto(op_type="Constant", output=["c"]), _node("Identity")]
    value = TensorProto(data_type=1, dims=[2**18], raw_data=bytes(2**20))
    body[0].attribute.add(name="value", type=AttributeProto.TENSOR, t=value)
    calls = [_call("F", f"t{i}", f"t{i + 1}") for i in range(40)]
    check_functions(BytesIO(_model([_function("F", body)], calls[:30])), "model")
    with pytest.raises(BundleError, match=r"80 nodes of [\d,]+ bytes"):
        check_functions(BytesIO(_model([_function("F", body)], calls)), "model")


def test_calls_in_a_branch_count() -> None:
    inner = _graph([_call("F", "x", "y") for _ in range(2**12)])
    branch = _node("If", "x", "y")
    for name in ("then_branch", "else_branch"):
        branch.attribute.add(name=name, type=AttributeProto.GRAPH, g=inner)
    body = _function("F", [_node("Relu")] * 9)
    with pytest.raises(BundleError, match="73,728 nodes"):
        check_functions(BytesIO(_model([body], [branch])), "model")


def test_of_overloads_the_largest_counts() -> None:
    bodies = [_function("F", [_node("Relu")] * 2**i, str(i)) for i in range(14)]
    check_functions(BytesIO(_model(bodies, [_call("F", "x", "y")] * 3)), "model")
    with pytest.raises(BundleError, match="40,960 nodes"):
        check_functions(BytesIO(_model(bodies, [_call("F", "x", "y")] * 5)), "model")
