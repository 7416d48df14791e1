"""What the forms in QDQ share: an int8 weight made float again, and a float bias."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.linear import Linear


def dequantized_weight(tape: Tape, linear: Linear, name: str) -> ir.Value:
    """Record the stored weight (D, N) with its scales (N), and what makes it float again."""
    stored = embed(tape, np.ascontiguousarray(linear.rounded), f"{name}.int8")
    scale = embed(tape, linear.steps[0], f"{name}.scale")
    return tape.op("DequantizeLinear", [stored, scale], {"axis": 1})


def added_bias(tape: Tape, product: ir.Value, linear: Linear, name: str) -> ir.Value:
    """Record the addition of the bias (N), where the layer has one."""
    if linear.bias is None:
        return product
    return tape.op("Add", [product, embed(tape, linear.bias, f"{name}.bias")])
