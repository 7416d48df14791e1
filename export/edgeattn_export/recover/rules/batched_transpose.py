"""A transpose of the last two axes by way of rank 3 becomes one Transpose: one spelling is left to read.

Before: Reshape(Transpose(Reshape(x, (-1, T, D)), perm=(0, 2, 1)), (..., D, T))     as spelled below opset 23
After:  Transpose(x, perm=(..., -1, -2))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, permutation, producer, same_dim

FOLDED = (0, 2, 1)


@dataclass(frozen=True, slots=True)
class Match:
    """``output`` is ``x`` with its last two axes swapped."""

    x: ir.Value
    output: ir.Value


class UnfoldTranspose:
    """Spells a transpose of folded matrices on the matrices as they are."""

    name = "batched transpose"
    roots = frozenset({"Reshape"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a transpose of rank 3 between reshapes from and to one higher rank, matrices kept."""
        transpose = producer(node.inputs[0], "Transpose")
        if transpose is None or permutation(transpose) != FOLDED:
            return None
        fold = producer(transpose.inputs[0], "Reshape")
        x = fold.inputs[0] if fold else None
        if fold is None or x is None or len(dims(x)) < 4:
            return None
        folded, unfolded = dims(fold.outputs[0]), dims(node.outputs[0])
        is_batched = len(folded) == 3 and same_dim(folded[-1], dims(x)[-1])
        return Match(x, node.outputs[0]) if is_batched and len(unfolded) == len(dims(x)) else None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the Transpose, and the dims that it makes known."""
        rank = len(dims(match.x))
        perm = (*range(rank - 2), rank - 1, rank - 2)
        transposed = tape.op("Transpose", [match.x], {"perm": perm})
        if match.x.shape is not None:
            match.output.shape = ir.Shape([match.x.shape[axis] for axis in perm])
        return {match.output: transposed}
