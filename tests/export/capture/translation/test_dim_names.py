from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import parser

from edgeattn_export.capture.translation.dim_names import name_dims
from edgeattn_export.graph.dataflow import Dims, dims, is_unnamed

HEADER = '<ir_version: 10, opset_import: ["": 23]> graph'


def _model(signature: str, body: str) -> ir.Model:
    """Return a graph in ONNX's text form, its dims named."""
    proto = parser.parse_model(f"{HEADER} {signature} {{ {body} }}")
    model = ir.from_proto(onnx.shape_inference.infer_shapes(proto, data_prop=True))
    name_dims(model)
    return model


def _named(inputs: str, body: str) -> dict[str, Dims]:
    """Return the dims of every value by name."""
    model = _model(f"({inputs}) => (float z)", f"{body} z = Identity(x)")
    return {output.name or "": dims(output) for node in model.graph for output in node.outputs}


SIZES = "s = Shape(x) zero = Constant <value_ints = [0]> () one = Constant <value_ints = [1]> () "
BATCH = SIZES + "b = Gather(s, zero) n = Gather(s, one) rest = Constant <value_ints = [-1]> () "


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "h = Constant <value_ints = [4, 2]> () to = Concat <axis = 0> (b, rest, h) y = Reshape(x, to)",
            ("batch", "sequence", 4, 2),
        ),
        ("to = Concat <axis = 0> (rest, n) y = Reshape(x, to)", ("8*batch", "sequence")),
        ("t = Mul(b, n) to = Concat <axis = 0> (t, rest) y = Reshape(x, to)", ("batch*sequence", 8)),
        ("y = Concat <axis = 1> (x, x)", ("batch", "2*sequence", 8)),
        ("y = Flatten <axis = 2> (x)", ("batch*sequence", 8)),
        ("y = Slice(x, zero, n, one)", ("batch", "sequence", 8)),
        ("y = Slice(x, one, n, one)", ("batch", "sequence - 1", 8)),
        ("y = Slice(x, rest, n, one)", ("batch", 1, 8)),
        ("y = Slice(table, zero, n, zero)", ("Min(16, sequence)", 8)),
        (
            "most = Constant <value_ints = [5]> () y = Slice(x, zero, most, one)",
            ("batch", "Min(5, sequence)", 8),
        ),
        (
            "two = Constant <value_ints = [2]> () half = Div(n, two) "
            "to = Concat <axis = 0> (b, half) y = ConstantOfShape(to)",
            ("batch", "floor(sequence/2)"),
        ),
        ("cut = Slice(table, zero, n, zero) y = Add(x, cut)", ("batch", "sequence", 8)),
        ("to = Concat <axis = 0> (b, n) y = ConstantOfShape(to)", ("batch", "sequence")),
        ("y = Add(table, x)", ("batch", 16, 8)),
        ("to = Concat <axis = 0> (b, n, one) y = Expand(row, to)", ("batch", "sequence", 8)),
        ("y = Expand(table, s)", ("batch", 16, 8)),
    ],
)
def test_dims_follow_from_sizes(body: str, expected: Dims) -> None:
    actual = _named("float[batch, sequence, 8] x, float[16, 8] table, float[8] row", f"{BATCH} {body}")["y"]
    assert actual == expected


def test_what_does_not_follow_is_equal_to_itself_alone() -> None:
    actual = _named("float[batch, sequence, 8] x", "i = NonZero(x) j = NonZero(x) k = Transpose(i)")
    assert is_unnamed(actual["i"][1])
    assert actual["k"][0] == actual["i"][1] != actual["j"][1]


def test_a_size_that_may_be_nothing_names_no_axis() -> None:
    less = "less = Sub(n, one) to = Concat <axis = 0> (rest, less) y = Reshape(x, to)"  # 0 keeps the axis
    assert all(map(is_unnamed, _named("float[batch, sequence, 8] x", f"{BATCH} {less}")["y"]))


def test_axes_that_one_of_may_be_1_are_the_larger() -> None:
    actual = _named("float[a, b] x, float[c, b] other", "y = Mul(x, other)")
    assert actual["y"] == ("Max(a, c)", "b")


def test_a_name_that_is_no_expression_is_kept() -> None:
    model = ir.Model(ir.Graph([], [], nodes=[], opset_imports={"": 23}), ir_version=10)
    x = ir.Value(
        name="x", shape=ir.Shape(["input.1_0", "exec(1)", None]), type=ir.TensorType(ir.DataType.FLOAT)
    )
    node = ir.node("Relu", [x])
    model.graph.inputs.append(x)
    model.graph.append(node)
    name_dims(model)
    assert dims(node.outputs[0]) == ("input.1_0", "exec(1)", "x_2")


def test_numbers_without_a_name_become_constants() -> None:
    model = _model(
        "(float[batch, 8] x) => (float[batch, 8] y)",
        "s = Shape <start = 1> (x) f = Cast <to = 1> (s) y = Div(x, f)",
    )
    cast = next(node for node in model.graph if node.op_type == "Cast")
    known = ir.convenience.get_const_tensor(cast.inputs[0])
    assert known is not None
    np.testing.assert_array_equal(known.numpy(), [8])


def test_sizes_as_floats_are_not_divided_as_whole_numbers() -> None:
    model = _model(
        "(float[batch, 7] x) => (float[batch, 7] y)",
        "s = Shape <start = 1> (x) f = Cast <to = 1> (s) whole = Constant <value_ints = [2]> () "
        "g = Cast <to = 1> (whole) half = Div(f, g) y = Mul(x, half)",
    )
    half = next(node.outputs[0] for node in model.graph if node.op_type == "Div")
    known = ir.convenience.get_const_tensor(half)
    assert known is None or known.numpy() == 3.5


def test_equal_sizes_are_computed_once_and_idle_reshapes_go() -> None:
    model = _model(
        "(float[batch, 8] x) => (float[batch, 8] y)",
        "s = Shape(x) a = Reshape(x, s) t = Shape(a) b = Sin(a) u = Shape(b) c = Expand(b, u) "
        "d = ConstantOfShape(t) y = Add(c, d)",
    )
    nodes = {node.outputs[0].name: node for node in model.graph}
    assert nodes["b"].inputs[0] is model.graph.inputs[0]
    assert nodes["y"].inputs[0] is nodes["b"].outputs[0]
    assert nodes["d"].inputs[0] is nodes["s"].outputs[0]
