"""What an operator broadcasts by itself is not written out before it.

Before: Div(x, Expand(y, Shape(x)))
After:  Div(x, y)

PyTorch's own decompositions expand, as that of ``normalize`` does; the Expand, and the Shape and Concat that
give it the shape, are three operators more to dispatch.
"""

from __future__ import annotations

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, producer, same_dims
from edgeattn_export.graph.rule import Emit, rule


@rule("broadcast", "Add", "Sub", "Mul", "Div")
def broadcast_operand(node: ir.Node) -> Emit | None:
    """Match an expanded operand of which the other has the whole shape."""
    sizes = [dims(value) for value in node.inputs]
    expands = [producer(value, "Expand") for value in node.inputs]
    if not sizes[0] or not same_dims(*sizes) or expands.count(None) != 1:
        return None
    inputs = [
        value if expand is None else expand.inputs[0]
        for value, expand in zip(node.inputs, expands, strict=True)
    ]
    return lambda tape: {node.outputs[0]: tape.op(node.op_type, inputs)}
