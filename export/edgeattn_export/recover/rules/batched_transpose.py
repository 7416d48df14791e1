"""A transpose of the last two axes by way of rank 3 becomes one Transpose: one spelling is left to read.

Before: Reshape(Transpose(Reshape(x, (-1, T, D)), perm=(0, 2, 1)), (..., D, T))     as spelled below opset 23
After:  Transpose(x, perm=(..., -1, -2))
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, permutation, producer, same_dim
from edgeattn_export.graph.emit import transposed
from edgeattn_export.graph.rule import Emit, Replaced, rule

FOLDED = (0, 2, 1)


@rule("batched transpose", "Reshape")
def unfold_transpose(node: ir.Node) -> Emit | None:
    """Match a transpose of rank 3 between reshapes from and to one higher rank, matrices kept."""
    transpose, output = producer(node.inputs[0], "Transpose"), node.outputs[0]
    if transpose is None or permutation(transpose) != FOLDED:
        return None
    fold = producer(transpose.inputs[0], "Reshape")
    x = fold.inputs[0] if fold else None
    rank = len(dims(x))
    if fold is None or x is None or rank < 4 or len(dims(output)) != rank:
        return None
    folded = dims(fold.outputs[0])
    if len(folded) != 3 or not same_dim(folded[-1], dims(x)[-1]):
        return None

    def emit(tape: Tape) -> Replaced:
        whole = transposed(tape, x, (*range(rank - 2), rank - 1, rank - 2))
        output.shape = whole.shape  # which may say more
        return {output: whole}

    return emit
