"""Reading attention weights against their direction: the softmax, and what was done to its result.

A guard may turn the softmax's NaN into 0, as the operator does by itself. Weights may fade by a factor that
is never negative, and be brought back to a sum of 1: w f / sum(w f), w = softmax(x), is softmax(x + log f).
The small number by which the sum is kept off 0 is left out: it shows only in a row whose weights all but
vanish. Where a mask hides scores, it may set their weights to 0 once more: they are, but in a row that is
hidden whole. A sink may have its share of the softmax, and be cut off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.dataflow import (
    axis_of,
    constant,
    dims,
    fill_value,
    is_constant,
    only_user,
    producer,
    scalar,
)
from edgeattn_export.recover.rules.attention.sink import read_sink
from edgeattn_export.recover.rules.softmax import over_last_axis, without_maximum

SMALL = 1e-8  # at most so much is added to a sum of weights to keep it off 0
_NEVER_NEGATIVE = frozenset({"Relu", "Sigmoid", "Exp", "Softmax", "Abs", "Softplus"})
_COUNTS = (ir.DataType.BOOL, ir.DataType.INT64, ir.DataType.INT32, ir.DataType.UINT8)
_MOVE = ("Reshape", "Transpose", "Unsqueeze", "Squeeze", "Slice", "Gather", "Expand")
# Operators that only move numbers, or keep their sign, and which of their inputs are numbers.
_SOURCES = dict.fromkeys(_MOVE, slice(1)) | {"Mul": slice(2), "Add": slice(2), "Where": slice(1, 3)}


@dataclass(frozen=True, slots=True)
class Hidden:
    """Weights are 0 where ``condition`` is ``when``."""

    condition: ir.Value
    when: bool


@dataclass(frozen=True, slots=True)
class Weights:
    """Softmax of ``x`` over its last axis, made at ``node``, times ``fades`` and back to a sum of 1.

    With a ``sink``, it is the softmax of both, without the sink's weight.
    """

    node: ir.Node
    x: ir.Value
    fades: tuple[ir.Value, ...] = ()
    hidden: Hidden | None = None
    sink: ir.Value | None = None


def read_weights(value: ir.Value | None) -> Weights | None:
    """Read what the values are multiplied by; None where it is no softmax."""
    guard = producer(value, "Where")
    if guard is not None:
        return _guarded(guard)
    kept = producer(value, "Slice")
    if kept is not None:
        sunk = read_sink(kept)
        return None if sunk is None else Weights(sunk.softmax, sunk.scores, sink=sunk.sink)
    division = producer(value, "Div")
    if division is None:
        return _softmax(value)
    faded, total = division.inputs
    summed = producer(_above_zero(total), "ReduceSum")
    if faded is None or summed is None or summed.inputs[0] is not faded or not over_last_axis(summed):
        return None
    return _faded(faded)


def _guarded(guard: ir.Node) -> Weights | None:
    condition, if_true, if_false = guard.inputs
    is_nan = producer(condition, "IsNaN")
    if is_nan is not None:
        return read_weights(if_false) if is_nan.inputs[0] is if_false and fill_value(if_true) == 0.0 else None
    for when, zero, rest in ((True, if_true, if_false), (False, if_false, if_true)):
        inner = _softmax(rest) if fill_value(zero) == 0.0 else None
        if inner is not None and condition is not None:
            return replace(inner, hidden=Hidden(condition, when))
    return None


def _softmax(value: ir.Value | None) -> Weights | None:
    node = producer(value, "Softmax")
    return Weights(node, node.inputs[0]) if node is not None and node.inputs[0] is not None else None


def _faded(value: ir.Value) -> Weights | None:
    """Read a softmax, or exponentials, times factors that are never negative."""
    exponentials = producer(value, "Exp")
    if exponentials is not None:
        x = without_maximum(exponentials.inputs[0])
        return Weights(exponentials, x) if x is not None else None
    product = producer(value, "Mul")
    if product is None:
        softmax = _softmax(value)
        return softmax if softmax and axis_of(softmax.node, -1) == len(dims(softmax.x)) - 1 else None
    for side, factor in (product.inputs, product.inputs[::-1]):
        if side is None or factor is None or not (only_user(side) is product and is_nonnegative(factor)):
            continue
        inner = _faded(side)
        if inner is not None:
            return replace(inner, fades=(*inner.fades, factor))
    return None


def _above_zero(total: ir.Value | None) -> ir.Value | None:
    """Return a sum without the small number by which it is kept off 0."""
    node = producer(total, "Add", "Max", "Clip")
    if node is None:
        return total
    sides = [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])]
    for side, small in sides[: 1 if node.op_type == "Clip" else 2]:
        number = fill_value(small)
        if number is not None and 0 <= number <= SMALL:
            return side
    return total


def is_nonnegative(value: ir.Value | None) -> bool:
    """Say whether a value holds no number below 0, by how it is made; integers count as 0 and 1."""
    if is_constant(value):
        array = constant(value)
        return array is not None and not bool((np.sign(array) < 0).any())
    node = None if value is None else value.producer()
    if node is None or node.op_type in _NEVER_NEGATIVE:
        return node is not None
    match node.op_type:
        case "Cast":
            source = node.inputs[0]
            return source is not None and (source.dtype in _COUNTS or is_nonnegative(source))
        case "Clip" | "Max":
            return any((scalar(side) or 0.0) >= 0 and is_constant(side) for side in node.inputs[1:2])
        case _:
            sources = node.inputs[_SOURCES.get(node.op_type, slice(0))]
            return bool(sources) and all(map(is_nonnegative, sources))
