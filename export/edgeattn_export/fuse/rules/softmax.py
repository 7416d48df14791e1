"""A softmax written by its formula becomes one operator, so that one spelling is left to read.

Before: Exp(x - max(x)) / sum(Exp(x - max(x)))     over the last axis, the maximum taken off or not
After:  Softmax(x)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.fuse.dataflow import constant, dims, producer


@dataclass(frozen=True, slots=True)
class Match:
    """``output`` is the softmax of ``x`` over its last axis."""

    x: ir.Value
    output: ir.Value


class RecoverSoftmax:
    """Recovers a softmax from its exponentials, and drops a maximum that is taken off before one."""

    name = "softmax"
    roots = frozenset({"Div", "Softmax"})

    def check(self, node: ir.Node) -> Match | None:
        """Match exponentials over their sum, or a softmax of what its own maximum was taken off."""
        if node.op_type == "Softmax":
            x = _without_maximum(node.inputs[0])
            axis = node.attributes.get_int("axis", -1)
            last = axis in (-1, len(dims(node.inputs[0])) - 1)
            return Match(x, node.outputs[0]) if x is not None and x is not node.inputs[0] and last else None
        exponentials, total = producer(node.inputs[0], "Exp"), producer(node.inputs[1], "ReduceSum")
        if exponentials is None or total is None or total.inputs[0] is not exponentials.outputs[0]:
            return None
        x = _without_maximum(exponentials.inputs[0])
        return Match(x, node.outputs[0]) if x is not None and _over_last_axis(total) else None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the operator."""
        return {match.output: tape.op("Softmax", [match.x], {"axis": -1})}


def _without_maximum(value: ir.Value | None) -> ir.Value | None:
    """Return x for x - max(x), a shift that no softmax sees; anything else as it is."""
    shift = producer(value, "Sub")
    maximum = producer(shift.inputs[1], "ReduceMax") if shift else None
    if shift is None or maximum is None or maximum.inputs[0] is not shift.inputs[0]:
        return value
    return shift.inputs[0] if _over_last_axis(maximum) else value


def _over_last_axis(reduction: ir.Node) -> bool:
    axes = constant(reduction.inputs[1]) if len(reduction.inputs) > 1 else None
    kept = reduction.attributes.get_int("keepdims", 1) == 1
    last = len(dims(reduction.inputs[0])) - 1
    return kept and axes is not None and axes.size == 1 and int(axes.reshape(())) in (-1, last)
