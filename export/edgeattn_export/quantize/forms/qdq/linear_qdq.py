"""A linear layer in QDQ: weights s8 with one scale a channel, activations unsigned with one fixed scale.

Before: x W + b                                                              float32
After:  MatMul(DQ(Q(x, s, z), s, z), DQ(W_s8, scale)) + b                    s and z constants, of u8 or u16

Q is QuantizeLinear, DQ DequantizeLinear. A back end with int8 kernels multiplies the stored numbers; one
without computes the same in float. Only the layer's own input is quantized: scores and masks stay float.
Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", section 3.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.arithmetic.affine import step_and_zero
from edgeattn_export.quantize.forms.form import LinearForm
from edgeattn_export.quantize.forms.qdq.pair import added_bias, dequantized_weight
from edgeattn_export.quantize.layers.linear import Linear


class LinearQdq(LinearForm):
    """A form for any layer; ``input_steps`` tell how many bits its activations have."""

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit both quantizations, the product and its bias.

        Raises:
            ValueError: The layer does not know how far its input reaches.
        """
        if linear.reach is None:
            raise ValueError(f"layer {name!r} has no range for its input; calibrate it")
        known_step, known_zero = step_and_zero(*linear.reach, self.input_steps)
        dtype = np.uint8 if self.input_steps < 2**8 else np.uint16
        step = embed(tape, np.array(known_step), f"{name}.step")
        zero = embed(tape, np.array(known_zero, dtype), f"{name}.zero")
        stored = tape.op("QuantizeLinear", [x, step, zero])
        rounded = tape.op("DequantizeLinear", [stored, step, zero])
        product = tape.op("MatMul", [rounded, dequantized_weight(tape, linear, name)])
        return added_bias(tape, product, linear, name)


QDQ8 = LinearQdq("qdq w8a8", calibrated=True)
QDQ16 = LinearQdq("qdq w8a16", calibrated=True, input_steps=65535)
