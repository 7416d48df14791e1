"""A linear layer in dynamic int8: weights s8 with one scale a channel, activations u8 with one scale a call.

Before: x W + b                                       float32
After:  DynamicQuantizeMatMul(x, W_s8, scale, , b)    the bias is added inside the operator, in float
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.quantize.forms.form import LinearForm, stored_bias, stored_weight
from edgeattn_export.quantize.forms.ort_cpu.products import int8_product
from edgeattn_export.quantize.layers.linear import Linear


class LinearInt8(LinearForm):
    """The fastest form, for any layer."""

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the operator with its int8 weights."""
        bias = stored_bias(tape, linear, name)
        return int8_product(tape, x, stored_weight(tape, linear, name), bias)


INT8 = LinearInt8("int8")
