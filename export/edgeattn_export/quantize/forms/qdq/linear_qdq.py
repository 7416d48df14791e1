"""A linear layer in QDQ: weights s8 with one scale a channel, activations unsigned with one fixed scale.

Before: x W + b                                                              float32
After:  MatMul(DQ(Q(x, s, z), s, z), DQ(W_s8, scale)) + b                    s and z constants, of u8 or u16
After:  MatMul(x, DQ(W_s8, scale)) + b                                       of weights alone

Q is QuantizeLinear, DQ DequantizeLinear. A back end with int8 kernels multiplies the stored numbers; one
without computes the same in float. Only the layer's own input is quantized: scores and masks stay float.
Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", section 3.
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.quantize.arithmetic.affine import SIXTEEN
from edgeattn_export.quantize.forms.form import LinearForm, biased_product, stored_weight
from edgeattn_export.quantize.layers.linear import Linear


class LinearQdq(LinearForm):
    """A form for any layer; ``input_steps`` has the bits of its activations, if it is calibrated."""

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit both quantizations, see ``quantized_input``, the product and its bias."""
        if self.calibrated:
            x = tape.op("DequantizeLinear", self.quantized_input(tape, x, linear, name))
        weight = tape.op("DequantizeLinear", stored_weight(tape, linear, name), {"axis": 1})
        return biased_product(tape, x, weight, linear, name)


QDQ8 = LinearQdq("qdq w8a8", calibrated=True)
QDQ16 = LinearQdq("qdq w8a16", calibrated=True, input_steps=SIXTEEN)
QDQ_WEIGHTS = LinearQdq("qdq w8", paired=False)  # for layers whose input no fixed scale suits
