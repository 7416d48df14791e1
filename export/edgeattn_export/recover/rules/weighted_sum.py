"""A sum over the sequence, weighted by the position, is one product.

Before: ReduceSum(x * w, axes=1)                     x (B, S, D), w (B, S, 1)
After:  Squeeze(MatMul(Transpose(w), x), axes=1)     (B, 1, S) @ (B, S, D)

Pooling is written so, over a mask or over attention weights. The product is neither stored nor read again:
49 us become 19 for 128 x 384 on one core with all that pooling does, 13 become 11 for 16 x 384.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, only_user, operand, producer, same_dim
from edgeattn_export.graph.rule import Emit, Replaced, rule

SEQUENCE = 1


@rule("weighted sum", "ReduceSum")
def weighted_sum(node: ir.Node) -> Emit | None:
    """Match a sum over axis 1 of values times one weight a position, both float32."""
    product, axes = producer(node.inputs[0], "Mul"), constant(operand(node, 1))
    if product is None or only_user(product.outputs[0]) is not node or axes is None:
        return None
    if axes.tolist() not in ([SEQUENCE], [SEQUENCE - len(dims(product.outputs[0]))]):
        return None
    (left, right), output = product.inputs, node.outputs[0]
    if not _weighs(right, left):
        left, right = right, left
        if not _weighs(right, left):
            return None

    def emit(tape: Tape) -> Replaced:
        row = tape.op("Transpose", [right], {"perm": [0, 2, 1]})  # (B, 1, S)
        pooled = tape.op("MatMul", [row, left])  # (B, 1, D)
        if not node.attributes.get_int("keepdims", 1):
            axis = embed(tape, np.array([SEQUENCE]), f"{output.name}.axis")
            pooled = tape.op("Squeeze", [pooled, axis])  # (B, D)
        return {output: pooled}

    return emit


def _weighs(weights: ir.Value | None, x: ir.Value | None) -> bool:
    """Say whether weights (B, S, 1) hold one for each position of x (B, S, D)."""
    sizes, others = dims(weights), dims(x)
    return (
        weights is not None
        and x is not None
        and weights.dtype is x.dtype is ir.DataType.FLOAT
        and len(sizes) == len(others) == 3
        and all(map(same_dim, sizes[:2], others[:2]))
        and sizes[2] == 1
        and others[2] != 1
    )
