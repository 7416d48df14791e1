"""A matrix that is picked of several by a number is a weight of its own.

Before: MatMul(x, Transpose(Gather(w, e)))     w (E, N, D), a constant, and e one too
After:  MatMul(x, w_e)                         w_e = Transpose(w[e]) (D, N), a constant

So experts keep their weights side by side. By itself, each is a linear layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import axis_of, constant, dims, embed, is_constant, permutation, producer

MATRIX, STACK = 2, 3  # axes


@dataclass(frozen=True, slots=True)
class Match:
    """A product with a matrix that ``steps``, the last one first, take of ``stack``."""

    product: ir.Node
    stack: ir.Value
    steps: tuple[ir.Node, ...]


class PickWeight:
    """Gives a product the picked matrix for its weight."""

    name = "picked weights"
    roots = frozenset({"MatMul"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a product with a matrix that is picked, and transposed or not."""
        value, steps = node.inputs[1], list[ir.Node]()
        while (step := producer(value, "Gather", "Transpose")) is not None:
            steps.append(step)
            value = step.inputs[0]
        if value is None or not is_constant(value) or len(dims(value)) != STACK:
            return None
        picks = [step for step in steps if step.op_type == "Gather"]
        picked = len(picks) == 1 and len(dims(node.inputs[1])) == MATRIX and is_constant(picks[0].inputs[1])
        return Match(node, value, tuple(steps)) if picked else None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the product with the matrix as a constant."""
        weight = np.asarray(constant(match.stack))
        for step in reversed(match.steps):
            weight = _applied(step, weight)
        name = f"{match.stack.name}.{match.product.name}"
        picked = embed(tape, np.ascontiguousarray(weight), name)
        return {match.product.outputs[0]: tape.op("MatMul", [match.product.inputs[0], picked])}


def _applied(step: ir.Node, value: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return what a step makes of a constant."""
    if step.op_type == "Transpose":
        return value.transpose(permutation(step))
    index = np.asarray(constant(step.inputs[1]))
    return np.take(value, index, axis=axis_of(step, 0))
