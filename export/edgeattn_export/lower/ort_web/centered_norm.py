"""A layer normalization by the root mean square of the centered input, whose wasm kernel is vectorized.

Before: LayerNormalization(x; g, b)
After:  RMSNormalization(x - ReduceMean(x); g) + b      the variance is the mean square of what is centered

One thread, in Node, eight in a row, 384 wide: 41 us each become 24 for 16 tokens, 246 become 85 for 128.
Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, embed

EPSILON = 1e-5  # of both operators, where they name none


@dataclass(frozen=True, slots=True)
class Match:
    """``output = normalized x * scale + shift``, along the last axis."""

    x: ir.Value
    scale: ir.Value
    shift: ir.Value | None
    epsilon: float
    output: ir.Value


class CenteredNorm:
    """Writes a normalization along the last axis in vectorized operators."""

    name = "centered norm"
    roots = frozenset({"LayerNormalization"})

    def check(self, node: ir.Node) -> Match | None:
        """Match one along the last axis, whose mean and deviation nothing reads."""
        x, scale, shift = (*node.inputs, None)[:3]
        axis = node.attributes.get_int("axis", -1)
        read = any(output.uses() or output.is_graph_output() for output in node.outputs[1:])
        if x is None or scale is None or read or axis not in (-1, len(dims(x)) - 1):
            return None
        epsilon = node.attributes.get_float("epsilon", EPSILON)
        return Match(x, scale, shift, epsilon, node.outputs[0])

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the centering, the normalization and the shift."""
        last = embed(tape, np.array([-1], np.int64), "last_axis")
        mean = tape.op("ReduceMean", [match.x, last], {"keepdims": 1})  # (..., 1)
        centered = tape.op("Sub", [match.x, mean])
        attributes = {"axis": -1, "epsilon": match.epsilon}
        scaled = tape.op("RMSNormalization", [centered, match.scale], attributes)
        return {match.output: scaled if match.shift is None else tape.op("Add", [scaled, match.shift])}
