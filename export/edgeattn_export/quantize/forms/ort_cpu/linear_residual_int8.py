"""A linear layer in int8 whose activations have 16 bits: what quantizing them leaves is quantized again.

Before: x W + b
After:  MatMulIntegerToFloat(q, W_s8, ..., b) + DynamicQuantizeMatMul(x - dequantized q, W_s8, scale)
        q, s, z = DynamicQuantizeLinear(x)

Twice the products, and all that is left of the error is the rounding of the weights.
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.quantize.forms.form import LinearForm, stored_bias, stored_weight
from edgeattn_export.quantize.forms.ort_cpu.products import Weight, int8_product, quantized_product
from edgeattn_export.quantize.layers.linear import Linear


class LinearResidualInt8(LinearForm):
    """The most exact form with int8 weights, for twice the time."""

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the products of the quantized input and of the residual, and their sum."""
        return residual_product(tape, x, stored_weight(tape, linear, name), stored_bias(tape, linear, name))


def residual_product(tape: Tape, x: ir.Value, weight: Weight, bias: ir.Value | None) -> ir.Value:
    """Record both products, and their sum."""
    quantized = tape.op_multi_out("DynamicQuantizeLinear", [x], num_outputs=3)
    first = quantized_product(tape, quantized, weight, bias)
    residual = tape.op("Sub", [x, tape.op("DequantizeLinear", quantized)])
    return tape.op("Add", [first, int8_product(tape, residual, weight)])


RESIDUAL_INT8 = LinearResidualInt8("residual int8")
