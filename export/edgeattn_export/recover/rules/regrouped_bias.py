"""What is added to scores in other dims is added in theirs.

Before: Reshape(Reshape(x, (B, H, h, w, i, j)) + row + column, (B, H, h*w, i*j))
After:  x + Reshape(row + column, (B, H, h*w, i*j))     row (..., i, 1), column (..., 1, j)

So ViTDet, SAM and MViT add relative positions by row and column (Li et al. 2022, section 4.1).
"""

from __future__ import annotations

from functools import reduce

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import broadcast_dims, dims, producer, same_dims, sources
from edgeattn_export.graph.rule import Emit, Replaced, rule


@rule("regrouped bias", "Reshape")
def regroup_bias(node: ir.Node) -> Emit | None:
    """Match sums between a reshape and the reshape back."""
    value, added = node.inputs[0], list[ir.Value]()
    view_dims = dims(value)
    while (add := producer(value, "Add")) is not None:
        inner, outer = sources(add)
        if producer(inner, "Add", "Reshape") is None or not same_dims(dims(inner), view_dims):
            inner, outer = outer, inner
        added.insert(0, outer)
        value = inner
    view, output = producer(value, "Reshape"), node.outputs[0]
    x = None if view is None else view.inputs[0]
    if not added or x is None or not same_dims(dims(value), view_dims):
        return None
    if not same_dims(broadcast_dims((1,) * len(view_dims), *map(dims, added)), view_dims) or not same_dims(
        dims(x), dims(output)
    ):
        return None

    def emit(tape: Tape) -> Replaced:
        joint = reduce(lambda left, right: tape.op("Add", [left, right]), added)
        bias = tape.op("Reshape", [joint, node.inputs[1]], node.attributes)
        bias.type, bias.shape = x.type, output.shape
        return {output: tape.op("Add", [x, bias])}

    return emit
