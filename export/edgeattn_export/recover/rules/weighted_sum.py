"""A sum over the sequence, weighted by the position, is one product.

Before: ReduceSum(x * w, axes=1)                     x (B, S, D), w (B, S, 1)
After:  Squeeze(MatMul(Transpose(w), x), axes=1)     (B, 1, S) @ (B, S, D)

Pooling is written so, over a mask or over attention weights. The product is neither stored nor read again:
49 us become 19 for 128 x 384 on one core with all that pooling does, 13 become 11 for 16 x 384.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, only_user, producer, same_dim

SEQUENCE = 1


@dataclass(frozen=True, slots=True)
class Match:
    """``output = sum of x * weights``: x (B, S, D), weights (B, S, 1), output (B, D) or (B, 1, D)."""

    x: ir.Value
    weights: ir.Value
    output: ir.Value
    keeps_axis: bool


class WeightedSum:
    """Writes a weighted sum over the sequence as a product of matrices."""

    name = "weighted sum"
    roots = frozenset({"ReduceSum"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a sum over axis 1 of values times one weight a position, both float32."""
        product = producer(node.inputs[0], "Mul")
        axes = constant(node.inputs[1]) if len(node.inputs) > 1 else None
        if product is None or only_user(product.outputs[0]) is not node or axes is None:
            return None
        if axes.tolist() not in ([SEQUENCE], [SEQUENCE - len(dims(product.outputs[0]))]):
            return None
        keeps_axis = bool(node.attributes.get_int("keepdims", 1))
        left, right = product.inputs
        for x, weights in ((left, right), (right, left)):
            if x is not None and weights is not None and _weighs(weights, x):
                return Match(x, weights, node.outputs[0], keeps_axis)
        return None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the product."""
        row = tape.op("Transpose", [match.weights], {"perm": [0, 2, 1]})  # (B, 1, S)
        product = tape.op("MatMul", [row, match.x])  # (B, 1, D)
        if not match.keeps_axis:
            axis = embed(tape, np.array([SEQUENCE]), f"{match.output.name}.axis")
            product = tape.op("Squeeze", [product, axis])  # (B, D)
        return {match.output: product}


def _weighs(weights: ir.Value, x: ir.Value) -> bool:
    sizes, others = dims(weights), dims(x)
    return (
        weights.dtype is x.dtype is ir.DataType.FLOAT
        and len(sizes) == len(others) == 3
        and all(map(same_dim, sizes[:2], others[:2]))
        and sizes[2] == 1
        and others[2] != 1
    )
