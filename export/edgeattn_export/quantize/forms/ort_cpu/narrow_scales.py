"""Scales of blocks are stored in bfloat16, which takes half their bytes, where that holds them exactly.

Before: MatMulNBits(x, W, scales)              float32, a scale for each 32 or 64 weights
After:  MatMulNBits(x, W, Cast(scales))        bfloat16; the engine casts them once, when it loads the graph

No bit of an answer changes. What was divided after it was rounded, as by smoothing, stays float32.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, embed
from edgeattn_export.graph.rule import Emit, Replaced, rule
from edgeattn_export.quantize.arithmetic.grid import BFLOAT16

SCALES = 2  # their place among the inputs of each of these operators


@rule("narrow scales", "MatMulNBits", "GatherBlockQuantized", "Int8Linear")
def narrow_scales(node: ir.Node) -> Emit | None:
    """Match constant scales by block, float32, all of which are numbers of bfloat16."""
    scales = node.inputs[SCALES]
    array = constant(scales)
    if scales is None or array is None or array.dtype != np.float32 or array.ndim != 2:
        return None
    halved = array.astype(BFLOAT16)

    def emit(tape: Tape) -> Replaced:
        narrow = embed(tape, halved, f"{scales.name}.bfloat16")
        return {scales: tape.op("Cast", [narrow], {"to": int(ir.DataType.FLOAT)})}

    return emit if (halved.astype(np.float32) == array).all() else None
