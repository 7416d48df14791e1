"""A matrix that is picked of several by a number is a weight of its own.

Before: MatMul(x, Transpose(Gather(w, e)))     w (E, N, D), a constant, and e one too
After:  MatMul(x, w_e)                         w_e = Transpose(w[e]) (D, N), a constant

So experts keep their weights side by side. By itself, each is a linear layer.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import axis_of, constant, dims, embed, is_constant, permutation, producer
from edgeattn_export.graph.rule import Emit, Replaced, rule

MATRIX, STACK = 2, 3  # axes


@rule("picked weights", "MatMul")
def pick_weight(node: ir.Node) -> Emit | None:
    """Match a product with a matrix that is picked of a constant, and transposed or not."""
    stack, steps = node.inputs[1], list[ir.Node]()
    while (step := producer(stack, "Gather", "Transpose")) is not None:
        steps.insert(0, step)
        stack = step.inputs[0]
    if stack is None or not is_constant(stack) or len(dims(stack)) != STACK:
        return None
    picks = [step for step in steps if step.op_type == "Gather"]
    if len(picks) != 1 or len(dims(node.inputs[1])) != MATRIX or not is_constant(picks[0].inputs[1]):
        return None
    name = f"{stack.name}.{node.name}"

    def emit(tape: Tape) -> Replaced:
        weight = np.asarray(constant(stack))
        for step in steps:
            weight = _applied(step, weight)
        picked = embed(tape, np.ascontiguousarray(weight), name)
        return {node.outputs[0]: tape.op("MatMul", [node.inputs[0], picked])}

    return emit


def _applied(step: ir.Node, value: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return what a step makes of a constant."""
    if step.op_type == "Transpose":
        return value.transpose(permutation(step))
    index = np.asarray(constant(step.inputs[1]))
    return np.take(value, index, axis=axis_of(step, 0))
