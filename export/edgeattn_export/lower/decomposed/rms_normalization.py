"""Root mean square normalization by its formula.

Before: RMSNormalization(x, scale)
After:  x / Sqrt(ReduceMean(x * x) + epsilon) * scale

Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", section 4.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import axis_of, dims, embed
from edgeattn_export.graph.rule import Emit, Refusal, Replaced, rule

EPSILON = 1e-5  # the operator's own, where it names none


@rule("decomposed rms normalization", "RMSNormalization")
def decompose_rms_normalization(node: ir.Node) -> Emit | Refusal | None:
    """Match the standard operator; refuse an input of unknown rank."""
    if node.domain:
        return None
    x, scale = node.inputs
    if not dims(x):
        return Refusal("the rank of its input is not known")

    def emit(tape: Tape) -> Replaced:
        epsilon = np.array(node.attributes.get_float("epsilon", EPSILON), np.float32)
        axes = embed(tape, np.arange(axis_of(node, -1), len(dims(x))), "rms.axes")
        mean = tape.op("ReduceMean", [tape.op("Mul", [x, x]), axes], {"keepdims": 1})
        root = tape.op("Sqrt", [tape.op("Add", [mean, embed(tape, epsilon, "rms.epsilon")])])
        return {node.outputs[0]: tape.op("Mul", [tape.op("Div", [x, root]), scale])}

    return emit
