"""A layer normalization by the root mean square of the centered input, whose wasm kernel is vectorized.

Before: LayerNormalization(x; g, b)
After:  RMSNormalization(x - ReduceMean(x); g) + b      the variance is the mean square of what is centered

One thread, in Node, eight in a row, 384 wide: 41 us each become 24 for 16 tokens, 246 become 85 for 128.
Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", section 3.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, embed, operand
from edgeattn_export.graph.rule import Emit, Replaced, rule

EPSILON = 1e-5  # of both operators, where they name none


@rule("centered norm", "LayerNormalization")
def centered_norm(node: ir.Node) -> Emit | None:
    """Match one along the last axis, whose mean and deviation nothing reads."""
    x, scale, shift = (operand(node, index) for index in range(3))
    read = any(output.uses() or output.is_graph_output() for output in node.outputs[1:])
    if read or node.attributes.get_int("axis", -1) not in (-1, len(dims(x)) - 1):
        return None
    attributes = {"axis": -1, "epsilon": node.attributes.get_float("epsilon", EPSILON)}

    def emit(tape: Tape) -> Replaced:
        last = embed(tape, np.array([-1], np.int64), "last_axis")
        mean = tape.op("ReduceMean", [x, last], {"keepdims": 1})  # (..., 1)
        scaled = tape.op("RMSNormalization", [tape.op("Sub", [x, mean]), scale], attributes)
        return {node.outputs[0]: scaled if shift is None else tape.op("Add", [scaled, shift])}

    return emit
