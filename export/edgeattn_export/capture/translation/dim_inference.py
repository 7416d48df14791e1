"""Dims made of sizes, where onnx-shape-inference leaves them open or takes for granted that sizes fit.

ConstantOfShape([batch, sequence])                                      (batch, sequence)
Expand(x: (1, 8), Where([batch, -1] == -1, 1, [batch, -1]))             (batch, 8)
Slice(x: (batch, sequence), 0, 512, axis 1)                             (batch, Min(512, sequence))
Add(x: (a, 8), y: (c, 8)), of which either may be 1                     (Max(a, c), 8)
Reshape(x: (batch, 8), [-1, sequence - 1]), whose 0 would keep an axis  nothing follows
Div(7.0, 2.0), Div(-7, 2)                                               no size: 3.5 and -3, not 3 and -4
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import zip_longest

import onnx_ir as ir
import sympy
from onnx_shape_inference import ShapeInferenceContext

from edgeattn_export.graph.dataflow import dims, is_unnamed, producer
from edgeattn_export.graph.views import size_expression

LIST_LIMIT = 64  # elements: what is longer is no list of sizes
FARTHEST = 2**31 - 1  # from here on a Slice's end means to the last

MISREAD = ("Div",)  # operators whose elements are not to be inferred: all is rounded down
COUNTS = (ir.DataType.INT64, ir.DataType.INT32)

_BROADCASTING = (
    *("Add", "Sub", "Mul", "Div", "Pow", "Mod", "Min", "Max", "Where", "And", "Or", "Xor"),
    *("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"),
)


def amend(node: ir.Node, context: ShapeInferenceContext) -> None:
    """Amend what was inferred of a node's first output, its dims or its elements."""
    if node.domain == "":
        for rule in _RULES.get(node.op_type, ()):
            rule(node, context)


def _infer_constant_of_shape(node: ir.Node, context: ShapeInferenceContext) -> None:
    sizes = context.get_symbolic_value(node.inputs[0])
    if sizes is None:
        return
    node.outputs[0].shape = ir.Shape(sizes)
    number = node.attributes.get_tensor("value", None)
    count = sizes[0] if len(sizes) == 1 else None
    if number is not None and number.dtype in COUNTS and isinstance(count, int) and count <= LIST_LIMIT:
        context.set_symbolic_value(node.outputs[0], number.numpy().tolist() * count)


def _infer_where(node: ir.Node, context: ShapeInferenceContext) -> None:
    """Choose by which sizes are equal, as exporters do before an Expand."""
    equal = producer(node.inputs[0], "Equal")
    values = () if equal is None else (*equal.inputs, *node.inputs[1:])
    lists = [context.get_symbolic_value(value) for value in values]
    if not lists or None in lists or len(set(map(len, lists))) != 1:
        return
    same = [_are_equal(_dim(a), _dim(b)) for a, b in zip(*lists[:2], strict=True)]
    if None not in same:
        chosen = [yes if each else no for each, yes, no in zip(same, *lists[2:], strict=True)]
        context.set_symbolic_value(node.outputs[0], chosen)


def _dim(number: int | ir.SymbolicDim) -> int | str | None:
    return number if isinstance(number, int) else number.value


def _are_equal(a: int | str | None, b: int | str | None) -> bool | None:
    left, right = size_expression(a), size_expression(b)
    if left is None or right is None or is_unnamed(a) or is_unnamed(b):
        return None  # a made-up name may stand for a number below 1
    difference = sympy.expand(left - right)
    return True if difference.is_zero else False if difference.is_nonzero else None


def _infer_slice(node: ir.Node, context: ShapeInferenceContext) -> None:
    """Count from the back below 0, and no further than a named axis goes."""
    starts, ends, axes, steps = (_sizes(value, context) for value in (*node.inputs[1:], None, None)[:4])
    if starts is None or ends is None or axes is None or set(steps or ()) - {1} or not dims(node.inputs[0]):
        return
    sizes = list(dims(node.inputs[0]))
    for axis, start, end in zip(map(int, axes), starts, ends, strict=True):
        size = size_expression(sizes[axis])
        if size is None:
            return
        first, last = (size + bound if bound.is_negative else bound for bound in (start, end))
        last = size if end.is_Integer and end >= FARTHEST else sympy.Min(size, last)
        sizes[axis] = str(sympy.Max(0, last - sympy.Max(0, first)))
    node.outputs[0].shape = ir.Shape(sizes)


def _sizes(value: ir.Value | None, context: ShapeInferenceContext) -> list[sympy.Expr] | None:
    numbers = None if value is None else context.get_symbolic_value(value)
    sizes = [size_expression(_dim(number)) for number in numbers or ()]
    return None if numbers is None or None in sizes else sizes


def _infer_broadcast(node: ir.Node, _: ShapeInferenceContext) -> None:
    """Take the larger of axes that differ: one of them may be 1."""
    shapes = [[size_expression(dim) for dim in dims(value)] for value in node.inputs]
    if any(None in shape for shape in shapes) or any(v is None or v.shape is None for v in node.inputs):
        return
    axes = zip_longest(*map(reversed, shapes), fillvalue=sympy.Integer(1))
    node.outputs[0].shape = ir.Shape([_larger(axis) for axis in axes][::-1])


def _larger(axis: Iterable[sympy.Expr]) -> int | str:
    counted = [size for size in axis if size != 1]
    fixed = [size for size in counted if size.is_Integer]
    return int(fixed[0]) if fixed else str(sympy.Max(*counted)) if counted else 1


def _infer_quotient(node: ir.Node, context: ShapeInferenceContext) -> None:
    """Divide and round down, as the operator does whole numbers from 0 upwards."""
    above, below = (_sizes(value, context) for value in node.inputs)
    if above is None or below is None or len(above) != len(below) or node.outputs[0].dtype not in COUNTS:
        return
    if all(x.is_nonnegative and y.is_positive for x, y in zip(above, below, strict=True)):
        quotients = [sympy.floor(x / y) for x, y in zip(above, below, strict=True)]
        numbers = [int(x) if x.is_Integer else ir.SymbolicDim(str(x)) for x in quotients]
        context.set_symbolic_value(node.outputs[0], numbers)


def _infer_reshape(node: ir.Node, context: ShapeInferenceContext) -> None:
    """Know nothing where a size might be 0 or -1, which would mean another axis, or the rest."""
    to = context.get_symbolic_value(node.inputs[1]) or ()
    sizes = [size_expression(number.value) for number in to if isinstance(number, ir.SymbolicDim)]
    if not all(size is not None and size.is_positive for size in sizes):
        node.outputs[0].shape = ir.Shape(context.new_symbolic_dim() for _ in to)


_RULES: dict[str, tuple[Callable[[ir.Node, ShapeInferenceContext], None], ...]] = {
    **dict.fromkeys(_BROADCASTING, (_infer_broadcast,)),
    "ConstantOfShape": (_infer_constant_of_shape,),
    "Div": (_infer_broadcast, _infer_quotient),
    "Reshape": (_infer_reshape,),
    "Slice": (_infer_slice,),
    "Where": (_infer_broadcast, _infer_where),
}
