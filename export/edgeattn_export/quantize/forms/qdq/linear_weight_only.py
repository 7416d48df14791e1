"""A linear layer of which the weight alone is int8, in QDQ: stored in a quarter, computed in float.

Before: x W + b                                     float32
After:  MatMul(x, DequantizeLinear(W_s8, scale)) + b
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.quantize.forms.form import LinearForm
from edgeattn_export.quantize.forms.qdq.pair import added_bias, dequantized_weight
from edgeattn_export.quantize.layers.linear import Linear


class LinearWeightOnly(LinearForm):
    """The form for layers whose input no fixed scale suits."""

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the product with the weight made float, and the bias."""
        product = tape.op("MatMul", [x, dequantized_weight(tape, linear, name)])
        return added_bias(tape, product, linear, name)


QDQ_WEIGHTS = LinearWeightOnly("qdq w8", paired=False)
