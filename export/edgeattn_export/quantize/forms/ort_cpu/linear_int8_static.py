"""A linear layer in static int8: the scale of its activations is fixed by real samples.

Before: x W + b
After:  MatMulIntegerToFloat(QuantizeLinear(x, s, z), W_s8, s, scale, z, , b)    s and z constants

Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", section 3. It spares the search for the range in every call; an input that reaches farther than
any sample did is cut off, and all inputs get the step that the farthest reaching sample needs.
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.quantize.forms.form import LinearForm, stored_bias, stored_weight
from edgeattn_export.quantize.forms.ort_cpu.products import quantized_product
from edgeattn_export.quantize.layers.linear import Linear


class LinearInt8Static(LinearForm):
    """Less work than int8 for few rows, and less exact where inputs differ in their range."""

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the quantization, see ``quantized_input``, and the product."""
        quantized = self.quantized_input(tape, x, linear, name)
        bias = stored_bias(tape, linear, name)
        return quantized_product(tape, quantized, stored_weight(tape, linear, name), bias)


INT8_STATIC = LinearInt8Static("int8 static", calibrated=True)
