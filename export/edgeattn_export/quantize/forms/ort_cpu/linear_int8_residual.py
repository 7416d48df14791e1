"""A linear layer in int8 whose activations have 16 bits: what quantizing them once leaves is quantized again.

Before: x W + b
After:  MatMulIntegerToFloat(q, W_s8, ..., b) + DynamicQuantizeMatMul(x - dequantized q, W_s8, scale)
        q, s, z = DynamicQuantizeLinear(x)

Twice the products, and all that is left of the error is the rounding of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.affine import LARGEST
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import stored_weight
from edgeattn_export.quantize.linear import Linear


@dataclass(frozen=True, slots=True)
class LinearInt8Twice:
    """The most exact form with int8 weights, for twice the time."""

    name: str = "int8 twice"
    levels: int = LARGEST
    calibrated: bool = False

    def unfit(self, width: int, channels: int) -> str | None:  # noqa: ARG002
        """Fit every layer."""
        return None

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit both products and their sum."""
        weight, scale = stored_weight(tape, linear, name)
        bias = None if linear.bias is None else embed(tape, linear.bias, f"{name}.bias")
        q, step, zero = tape.op_multi_out("DynamicQuantizeLinear", [x], num_outputs=3)
        first = tape.op("MatMulIntegerToFloat", [q, weight, step, scale, zero, None, bias], domain=MICROSOFT)
        left = tape.op("Sub", [x, tape.op("DequantizeLinear", [q, step, zero])])
        second = tape.op("DynamicQuantizeMatMul", [left, weight, scale], domain=MICROSOFT)
        return tape.op("Add", [first, second])
