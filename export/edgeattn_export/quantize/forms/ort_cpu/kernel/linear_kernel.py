"""A linear layer in int8 by edgeattn's own kernel, with a body of stock operators.

Before: x W + b
After:  edgeattn.Int8Linear(x, W_s8ᵀ, scale, , b)     each row of x rounded by its own range
        without the kernel the layer's body: int8, int8 per token, or residual int8

Its weights are paired, for a body may run where two products are added in 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.forms.form import LinearForm
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import Int8Linear
from edgeattn_export.quantize.forms.ort_cpu.products import stored_bias
from edgeattn_export.quantize.layers.linear import Linear


@dataclass(frozen=True, slots=True)
class LinearKernel(LinearForm):
    """As exact as int8 per token where the kernel runs, and as its body elsewhere.

    All are equally fast where it runs: a more exact body costs time only elsewhere.

    Attributes:
        rounding: How the body rounds activations, see ``Int8Linear``.
    """

    rounding: str = "tensor"

    fuses: ClassVar[bool] = True

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the node, its weight (N, D)."""
        (output,) = Int8Linear(
            x=x,
            weight=embed(tape, np.ascontiguousarray(linear.rounded.T), f"{name}.int8"),
            scale=embed(tape, linear.steps[0], f"{name}.scale"),
            bias=stored_bias(tape, linear, name),
            rounding=self.rounding,
        ).emit(tape)
        return output


KERNEL_INT8 = LinearKernel("kernel int8", rounding="tensor")
KERNEL_INT8_PER_TOKEN = LinearKernel("kernel int8 per token", rounding="row")
KERNEL_RESIDUAL_INT8 = LinearKernel("kernel residual int8", rounding="twice")
