"""Values that averaged weights mix are the average of what each head's weights mix.

Before: MatMul(ReduceMean(w, axes=1), v)                    w (B, H, S, T), a softmax; v (B, T, D)
After:  ReduceMean(MatMul(w, Unsqueeze(v, 1)), axes=1)      (B, H, S, T) @ (B, 1, T, D)

So interpretable multi-head attention shares its values between heads (Lim et al. 2021, section 4.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, only_user, producer
from edgeattn_export.recover.products import is_softmax

HEADS = 1  # axis of (B, H, S, T)


@dataclass(frozen=True, slots=True)
class Match:
    """``average`` over the heads of ``weights`` (B, H, S, T), and the values (B, T, D) that it mixes."""

    average: ir.Node
    weights: ir.Value
    values: ir.Value
    output: ir.Value


class MixByHead:
    """Mixes values by each head's weights, and averages after."""

    name = "averaged weights"
    roots = frozenset({"MatMul"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a product of values with the average over the heads of a softmax that nobody else sees."""
        average, values = producer(node.inputs[0], "ReduceMean"), node.inputs[1]
        if average is None or values is None or only_user(average.outputs[0]) is not node:
            return None
        weights, axes = average.inputs[0], constant(average.inputs[1]) if len(average.inputs) > 1 else None
        if weights is None or axes is None or not is_softmax(weights):
            return None
        over_heads = axes.tolist() in ([HEADS], [HEADS - 4]) and not average.attributes.get_int("keepdims", 1)
        fits = len(dims(weights)) == 4 and len(dims(values)) == 3
        return Match(average, weights, values, node.outputs[0]) if over_heads and fits else None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the product of each head, and its average."""
        axis = embed(tape, np.array([HEADS], np.int64), f"{match.values.name}.head")
        values = tape.op("Unsqueeze", [match.values, axis])  # (B, 1, T, D)
        batch, length, size = dims(match.values)
        values.type, values.shape = match.values.type, ir.Shape([batch, 1, length, size])
        mixed = tape.op("MatMul", [match.weights, values])  # (B, H, S, D)
        return {match.output: tape.op("ReduceMean", [mixed, axis], match.average.attributes)}
