"""What an operator broadcasts by itself is not written out before it.

Before: Div(x, Expand(y, Shape(x)))
After:  Div(x, y)

PyTorch's own decompositions expand, as that of ``normalize`` does; the Expand, and the Shape and Concat that
tell it the shape, are three operators more to dispatch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, producer, same_dims


@dataclass(frozen=True, slots=True)
class Match:
    """The operator, and the inputs that it shall have."""

    node: ir.Node
    inputs: tuple[ir.Value, ir.Value]


class BroadcastOperand:
    """Takes an expanded operand as it was."""

    name = "broadcast"
    roots = frozenset({"Add", "Sub", "Mul", "Div"})

    def check(self, node: ir.Node) -> Match | None:
        """Match an expanded operand beside one that has its whole shape."""
        left, right = node.inputs
        if left is None or right is None or not dims(left) or not same_dims(dims(left), dims(right)):
            return None
        for expanded, other in ((left, right), (right, left)):
            expand = producer(expanded, "Expand")
            if expand is not None and expand.inputs[0] is not None and producer(other, "Expand") is None:
                plain = expand.inputs[0]
                return Match(node, (plain, other) if expanded is left else (other, plain))
        return None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the operator on the operand as it was."""
        return {match.node.outputs[0]: tape.op(match.node.op_type, list(match.inputs))}
