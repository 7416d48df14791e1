"""A softmax written by its formula becomes one operator, so that one spelling is left to read.

Before: Exp(x - ReduceMax(x)) / ReduceSum(Exp(x - ReduceMax(x)))   over the last axis; without a maximum too
Before: Exp(x - ReduceLogSumExp(x))
Before: Exp(LogSoftmax(x))
Before: Cast(Softmax(Cast(x, float64)), float32)
Before: Reshape(Softmax(Flatten(x)), Shape(x))      which ONNX's converter makes of one below opset 13
After:  Softmax(x)
"""

from __future__ import annotations

import onnx_ir as ir

from edgeattn_export.graph.dataflow import axis_of, constant, dims, operand, producer, same_dim, same_dims
from edgeattn_export.graph.rule import Emit, rule


@rule("softmax", "Div", "Exp", "Cast", "Softmax", "Reshape")
def recover_softmax(node: ir.Node) -> Emit | None:
    """Match exponentials over their sum or of logarithms, a wider or flat softmax, or one of a shift."""
    x = _READERS[node.op_type](node)
    return None if x is None else lambda tape: {node.outputs[0]: tape.op("Softmax", [x], {"axis": -1})}


def without_maximum(value: ir.Value | None) -> ir.Value | None:
    """Return x for x - max(x), a shift that no softmax sees; anything else as it is."""
    return _shifted_operand(value, "ReduceMax") or value


def over_last_axis(reduction: ir.Node) -> bool:
    """Say whether a reduction is only over the last axis, and keeps it."""
    axes = constant(operand(reduction, 1))
    keeps_dims = reduction.attributes.get_int("keepdims", 1) == 1
    last = len(dims(reduction.inputs[0])) - 1
    return keeps_dims and axes is not None and axes.size == 1 and int(axes.reshape(())) in (-1, last)


def _of_shift(softmax: ir.Node) -> ir.Value | None:
    return _shifted_operand(softmax.inputs[0], "ReduceMax") if _is_over_last(softmax) else None


def _over_sum(division: ir.Node) -> ir.Value | None:
    exponentials, total = producer(division.inputs[0], "Exp"), producer(division.inputs[1], "ReduceSum")
    if exponentials is None or total is None or total.inputs[0] is not exponentials.outputs[0]:
        return None
    return without_maximum(exponentials.inputs[0]) if over_last_axis(total) else None


def _of_logarithms(exponential: ir.Node) -> ir.Value | None:
    logarithm = producer(exponential.inputs[0], "LogSoftmax")
    if logarithm is not None:
        return logarithm.inputs[0] if _is_over_last(logarithm) else None
    return _shifted_operand(exponential.inputs[0], "ReduceLogSumExp")


def _narrowed(cast: ir.Node) -> ir.Value | None:
    softmax = producer(cast.inputs[0], "Softmax")
    widened = producer(softmax.inputs[0], "Cast") if softmax else None
    x = widened.inputs[0] if widened else None
    if softmax is None or x is None or not _is_over_last(softmax):
        return None
    same = x.dtype is cast.outputs[0].dtype is ir.DataType.FLOAT
    return x if same and cast.inputs[0] is not None and cast.inputs[0].dtype is ir.DataType.DOUBLE else None


def _unflattened(reshape: ir.Node) -> ir.Value | None:
    softmax = producer(reshape.inputs[0], "Softmax")
    flat = producer(softmax.inputs[0], "Flatten", "Reshape") if softmax is not None else None
    if softmax is None or flat is None or not _is_over_last(softmax):
        return None
    x, rows, restored = dims(flat.inputs[0]), dims(flat.outputs[0]), dims(reshape.outputs[0])
    whole = bool(x) and bool(rows) and same_dim(x[-1], rows[-1])  # each row as long as it was
    return flat.inputs[0] if whole and same_dims(x, restored) else None


def _shifted_operand(value: ir.Value | None, reduction: str) -> ir.Value | None:
    """Return x for x - reduction(x) over the last axis, else None."""
    shift = producer(value, "Sub")
    reduced = producer(shift.inputs[1], reduction) if shift else None
    if shift is None or reduced is None or reduced.inputs[0] is not shift.inputs[0]:
        return None
    return shift.inputs[0] if over_last_axis(reduced) else None


def _is_over_last(softmax: ir.Node) -> bool:
    return axis_of(softmax, -1) == len(dims(softmax.inputs[0])) - 1


_READERS = {
    "Div": _over_sum,
    "Exp": _of_logarithms,
    "Cast": _narrowed,
    "Softmax": _of_shift,
    "Reshape": _unflattened,
}
