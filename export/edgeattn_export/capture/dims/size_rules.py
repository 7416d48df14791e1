"""Dims that follow from numbers made of sizes, where ONNX's own inference follows constants alone.

Reshape(x: (batch, sequence, 128), [batch, -1, 4, 32])     (batch, sequence, 4, 32)
Slice(x: (512, 128), 0, sequence)                          (Min(512, sequence), 128)
Add(x: (batch, sequence), y: (1, Min(512, sequence)))      (batch, sequence)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import zip_longest

import onnx_ir as ir
import sympy

from edgeattn_export.capture.dims.known import Known, Numbers, Sizes
from edgeattn_export.graph.dataflow import producer, scalar

Found = tuple[sympy.Expr | None, ...]  # None where a dim does not follow

FARTHEST = 2**31 - 1  # from here on a Slice's end means to the last

_BROADCASTING = (
    *("Add", "Sub", "Mul", "Div", "Pow", "Mod", "Min", "Max", "Where", "And", "Or", "Xor"),
    *("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"),
)


def sizes_by_rule(node: ir.Node, known: Known) -> Found | None:
    """Return the dims of a node's first output, or None where they do not follow from sizes."""
    rule = _RULES.get(node.op_type)
    return None if rule is None else rule(node, known)


def joined(*shapes: Sizes) -> Sizes:
    """Return the dims of several values together: axes that fit are equal, or 1."""
    padded = zip_longest(*(reversed(sizes) for sizes in shapes), fillvalue=sympy.Integer(1))
    return tuple(map(_larger, padded))[::-1]


def _larger(axis: tuple[sympy.Expr, ...]) -> sympy.Expr:
    counted = [size for size in axis if size != 1]
    fixed = [size for size in counted if size.is_Integer]
    return fixed[0] if fixed else sympy.Max(*counted) if counted else sympy.Integer(1)


def _together(node: ir.Node, known: Known) -> Found | None:
    shapes = [known.sizes(value) for value in node.inputs]
    return None if None in shapes else joined(*(sizes for sizes in shapes if sizes is not None))


def _reshape(node: ir.Node, known: Known) -> Found | None:
    data, to = known.sizes(node.inputs[0]), known.numbers(node.inputs[1])
    if data is None or to is None or node.attributes.get_int("allowzero", 0) != 0:
        return None
    # What might be 0 or -1 at some size would then mean another axis, or the rest.
    sizes = [
        data[axis] if size == 0 else size if size == -1 or size.is_positive else None
        for axis, size in enumerate(to)
    ]
    others = [size for size in sizes if size != -1]
    left = None if None in others else sympy.cancel(_product(data) / _product(filter(None, others)))
    return tuple(left if size == -1 else size for size in sizes)


def _flatten(node: ir.Node, known: Known) -> Found | None:
    data = known.sizes(node.inputs[0])
    if data is None:
        return None
    axis = node.attributes.get_int("axis", 1)
    return _product(data[:axis]), _product(data[axis:])


def _product(sizes: Iterable[sympy.Expr]) -> sympy.Expr:
    return sympy.expand(math.prod(sizes, start=sympy.Integer(1)))


def _expand(node: ir.Node, known: Known) -> Found | None:
    data, to = known.sizes(node.inputs[0]), known.numbers(node.inputs[1])
    return None if data is None or to is None else joined(data, tuple(to))


def _filled(node: ir.Node, known: Known) -> Found | None:
    to = known.numbers(node.inputs[0])
    return None if to is None else tuple(to)


def _range(node: ir.Node, known: Known) -> Found | None:
    start, end, step = (_whole(value, known) for value in node.inputs)
    if start is None or end is None or step != 1:
        return None
    length = sympy.expand(end - start)
    return (length if length.is_nonnegative else None,)


def _whole(value: ir.Value | None, known: Known) -> sympy.Expr | None:
    """Return a bound of a Range, which may be a size as a float."""
    cast = producer(value, "Cast")
    numbers = known.numbers(value if cast is None else cast.inputs[0])
    if numbers is not None:
        return numbers.item()
    number = scalar(value)
    return sympy.Integer(int(number)) if number is not None and number.is_integer() else None


def _concat(node: ir.Node, known: Known) -> Found | None:
    shapes = [sizes for sizes in map(known.sizes, node.inputs) if sizes is not None]
    if len(shapes) != len(node.inputs):
        return None
    axis = node.attributes.get_int("axis", 0) % len(shapes[0])
    whole = sympy.expand(sum(sizes[axis] for sizes in shapes))
    return (*shapes[0][:axis], whole, *shapes[0][axis + 1 :])


def _slice(node: ir.Node, known: Known) -> Found | None:
    data = known.sizes(node.inputs[0])
    starts, ends, axes, steps = (_numbers(node, i, known) for i in range(1, 5))
    if data is None or starts is None or ends is None or (axes is None and len(node.inputs) > 3):
        return None
    if axes is not None and not all(axis.is_Integer for axis in axes):
        return None
    sizes: list[sympy.Expr | None] = list(data)
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        axis = i if axes is None else int(axes[i])
        one_by_one = len(node.inputs) < 5 or (steps is not None and steps[i] == 1)
        sizes[axis] = _cut(data[axis], start, end) if one_by_one else None
    return tuple(sizes)


def _numbers(node: ir.Node, index: int, known: Known) -> Numbers | None:
    return known.numbers(node.inputs[index]) if index < len(node.inputs) else None


def _cut(size: sympy.Expr, start: sympy.Expr, end: sympy.Expr) -> sympy.Expr | None:
    """Return how much of an axis lies from ``start`` to ``end``, both counted from the back below 0."""
    first, last = (sympy.expand(size + x) if x.is_negative else x for x in (start, end))
    last = size if end.is_Integer and end >= FARTHEST else sympy.Min(size, last)
    length = sympy.expand(last - first)
    return length if first.is_nonnegative and length.is_nonnegative else None


_RULES: dict[str, Callable[[ir.Node, Known], Found | None]] = {
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Expand": _expand,
    "ConstantOfShape": _filled,
    "Range": _range,
    "Concat": _concat,
    "Slice": _slice,
    **dict.fromkeys(_BROADCASTING, _together),
}
