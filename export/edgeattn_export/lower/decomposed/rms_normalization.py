"""Root mean square normalization by its formula.

Before: RMSNormalization(x, scale)
After:  x / Sqrt(ReduceMean(x * x) + epsilon) * scale

Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", section 4.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import axis_of, dims, embed
from edgeattn_export.graph.rule import Refusal

EPSILON = 1e-5  # the operator's own, where it names none


class DecomposeRmsNormalization:
    """Writes the normalization as a mean, a root and two products."""

    name = "decomposed rms normalization"
    roots = frozenset({"RMSNormalization"})

    def check(self, node: ir.Node) -> ir.Node | Refusal | None:
        """Match the standard operator; refuse an input of unknown rank."""
        if node.domain:
            return None
        return node if dims(node.inputs[0]) else Refusal("the rank of its input is not known")

    def rewrite(self, tape: Tape, match: ir.Node) -> Mapping[ir.Value, ir.Value]:
        """Emit the formula."""
        x, scale = match.inputs
        epsilon = match.attributes.get_float("epsilon", EPSILON)
        axes = embed(tape, np.arange(axis_of(match, -1), len(dims(x))), "rms.axes")
        mean = tape.op("ReduceMean", [tape.op("Mul", [x, x]), axes], {"keepdims": 1})
        above = tape.op("Add", [mean, embed(tape, np.array(epsilon, np.float32), "rms.epsilon")])
        return {match.outputs[0]: tape.op("Mul", [tape.op("Div", [x, tape.op("Sqrt", [above])]), scale])}
