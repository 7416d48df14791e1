"""A linear layer in int8 whose activations have 16 bits: what quantizing them leaves is quantized again.

Before: x W + b
After:  MatMulIntegerToFloat(q, W_s8, ..., b) + DynamicQuantizeMatMul(x - dequantized q, W_s8, scale)
        q, s, z = DynamicQuantizeLinear(x)

Twice the products, and all that is left of the error is the rounding of the weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.quantize.forms.form import LinearForm
from edgeattn_export.quantize.forms.ort_cpu.products import DYNAMIC, QUANTIZED, stored_bias, stored_weight
from edgeattn_export.quantize.layers.linear import Linear


class LinearResidualInt8(LinearForm):
    """The most exact form with int8 weights, for twice the time."""

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the product of the quantized input, that of the residual, and their sum."""
        return residual_product(tape, x, stored_weight(tape, linear, name), stored_bias(tape, linear, name))


def residual_product(
    tape: Tape, x: ir.Value, weight: Mapping[str, ir.Value], bias: ir.Value | None
) -> ir.Value:
    """Record both products with a weight and its scale, by their roles, and their sum."""
    q, step, zero = tape.op_multi_out("DynamicQuantizeLinear", [x], num_outputs=3)
    first = QUANTIZED.emit(tape, {"x": q, "step": step, "zero": zero, "bias": bias, **weight})
    residual = tape.op("Sub", [x, tape.op("DequantizeLinear", [q, step, zero])])
    return tape.op("Add", [first, DYNAMIC.emit(tape, {"x": residual, **weight})])


RESIDUAL_INT8 = LinearResidualInt8("residual int8")
