"""A linear layer in dynamic int8 with a scale for each row: no token's outlier costs the others precision.

Before: x W + b
After:  DynamicQuantizeMatMul(x / m, W_s8, scale) * m + b,   m = max(max|x|, tiny) of each row, (..., 1)

Every row's range is thereby [-1, 1]. Yao et al. 2022, "ZeroQuant", section 3.1 (token-wise quantization).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed, producer
from edgeattn_export.quantize.affine import LARGEST
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import dynamic_product
from edgeattn_export.quantize.linear import Linear

TINY = 1e-20  # a row of zeros is divided by it
LOWEST_OF_GELU = 0.1701  # GELU, by tanh too, never falls below -0.1701: its largest number is its range


@dataclass(frozen=True, slots=True)
class LinearInt8PerToken:
    """More exact where single tokens have outliers, for a pass over the input and one over the output."""

    name: str = "int8 per token"
    levels: int = LARGEST
    calibrated: bool = False

    def unfit(self, width: int, channels: int) -> str | None:  # noqa: ARG002
        """Fit every layer."""
        return None

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the scaled product."""
        largest = _largest(tape, x)  # (..., 1)
        # Reciprocal and Mul: a division of every number takes longer.
        scaled = tape.op("Mul", [x, tape.op("Reciprocal", [largest])])
        product = dynamic_product(tape, scaled, linear, name, biased=False)
        output = tape.op("Mul", [product, largest])
        if linear.bias is None:
            return output
        return tape.op("Add", [output, embed(tape, linear.bias, f"{name}.bias")])


def _largest(tape: Tape, x: ir.Value) -> ir.Value:
    gelu = producer(x, "Gelu") is not None
    values = x if gelu else tape.op("Abs", [x])
    last = embed(tape, np.array([-1], np.int64), "last_axis")
    largest = tape.op("ReduceMax", [values, last], {"keepdims": 1})
    least = np.array(LOWEST_OF_GELU if gelu else TINY, np.float32)
    return tape.op("Max", [largest, embed(tape, least, "least_range")])
