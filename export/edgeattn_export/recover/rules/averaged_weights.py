"""Values that averaged weights mix are the average of what each head's weights mix.

Before: MatMul(ReduceMean(w, axes=1), v)                    w (B, H, S, T), a softmax; v (B, T, D)
After:  ReduceMean(MatMul(w, Unsqueeze(v, 1)), axes=1)      (B, H, S, T) @ (B, 1, T, D)

So interpretable multi-head attention shares its values between heads (Lim et al. 2021, section 4.4).
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, only_user, operand, producer
from edgeattn_export.graph.emit import described
from edgeattn_export.graph.rule import Emit, Replaced, rule
from edgeattn_export.recover.products import is_softmax

HEADS = 1  # axis of (B, H, S, T)


@rule("averaged weights", "MatMul")
def mix_by_head(node: ir.Node) -> Emit | None:
    """Match a product of values with the average over the heads of a softmax that nobody else sees."""
    average, values = producer(node.inputs[0], "ReduceMean"), node.inputs[1]
    if average is None or values is None or only_user(average.outputs[0]) is not node:
        return None
    weights, axes = average.inputs[0], constant(operand(average, 1))
    if axes is None or not is_softmax(weights) or average.attributes.get_int("keepdims", 1) != 0:
        return None
    if axes.tolist() not in ([HEADS], [HEADS - 4]) or len(dims(weights)) != 4 or len(dims(values)) != 3:
        return None

    def emit(tape: Tape) -> Replaced:
        axis = embed(tape, np.array([HEADS], np.int64), f"{values.name}.head")
        batch, length, size = dims(values)
        shared = described(tape.op("Unsqueeze", [values, axis]), values, (batch, 1, length, size))
        mixed = tape.op("MatMul", [weights, shared])  # (B, H, S, D)
        return {node.outputs[0]: tape.op("ReduceMean", [mixed, axis], average.attributes)}

    return emit
