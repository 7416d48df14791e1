"""A linear layer in dynamic int8 with a scale for each row: no token's outlier costs the others precision.

Before: x W + b
After:  DynamicQuantizeMatMul(x / m, W_s8, scale) * m + b,   m = max(max|x|, tiny) of each row, (..., 1)

Every row's range is thereby [-1, 1]. Yao et al. 2022, "ZeroQuant", section 3.1 (token-wise quantization).
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed, producer
from edgeattn_export.quantize.forms.form import LinearForm, stored_bias, stored_weight
from edgeattn_export.quantize.forms.ort_cpu.products import Weight, int8_product
from edgeattn_export.quantize.layers.linear import Linear

TINY = 1e-20  # a row of zeros is divided by it
LOWEST_OF_GELU = 0.1701  # GELU, by tanh too, never falls below -0.1701: its largest number is its range


class LinearInt8PerToken(LinearForm):
    """More exact where single tokens have outliers, for a pass over the input and one over the output."""

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the scaled product."""
        weight = stored_weight(tape, linear, name)
        return per_token_product(tape, x, weight, stored_bias(tape, linear, name))


def per_token_product(tape: Tape, x: ir.Value, weight: Weight, bias: ir.Value | None) -> ir.Value:
    """Record the scaled product."""
    largest = _largest(tape, x)  # (..., 1)
    # Reciprocal and Mul: a division of every number takes longer.
    scaled = tape.op("Mul", [x, tape.op("Reciprocal", [largest])])
    output = tape.op("Mul", [int8_product(tape, scaled, weight), largest])
    return output if bias is None else tape.op("Add", [output, bias])


def _largest(tape: Tape, x: ir.Value) -> ir.Value:
    gelu = producer(x, "Gelu") is not None
    values = x if gelu else tape.op("Abs", [x])
    last = embed(tape, np.array([-1], np.int64), "last_axis")
    largest = tape.op("ReduceMax", [values, last], {"keepdims": 1})
    least = np.array(LOWEST_OF_GELU if gelu else TINY, np.float32)
    return tape.op("Max", [largest, embed(tape, least, "least_range")])


INT8_PER_TOKEN = LinearInt8PerToken("int8 per token")
