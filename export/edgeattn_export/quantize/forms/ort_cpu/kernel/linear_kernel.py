"""A linear layer in int8, or in 4 bits by blocks, by edgeattn's own kernel, with a body of stock operators.

Before: x W + b
After:  edgeattn.Int8Linear(x, W_s8ᵀ, scale, , b)     each row of x rounded by its own range
        without the kernel the layer's body: int8, int8 per token, or residual int8
After:  edgeattn.Int8Linear(x, W_u4ᵀ, scales, , b; bits=4, block_size=32)
        W is read in 4 bits. Without the kernel MatMulNBits computes the same weights, see ``linear_blocks``.

Its weights of 8 bits are paired, for a body may run where two products are added in 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.forms.form import LinearForm, stored_bias
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import BLOCKS, Int8Linear
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import BITS, LinearBlocks, blocks_of, packed
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


class LinearKernelBlocks(LinearBlocks):
    """Half the size of int8; activations are rounded by row where the kernel runs, and by block elsewhere."""

    fuses: ClassVar[bool] = True

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the node, its weight (N, D / 2) bytes."""
        stored, scale = blocks_of(linear)
        (output,) = Int8Linear(
            x=x,
            weight=embed(tape, packed(stored).reshape(len(stored), -1), f"{name}.int4"),
            scale=embed(tape, scale, f"{name}.scales"),
            bias=stored_bias(tape, linear, name),
            rounding=BLOCKS,
            bits=BITS,
            block_size=stored.shape[2],
        ).emit(tape)
        return output


KERNEL_INT8 = LinearKernel("kernel int8", rounding="tensor")
KERNEL_INT8_PER_TOKEN = LinearKernel("kernel int8 per token", rounding="row")
KERNEL_RESIDUAL_INT8 = LinearKernel("kernel residual int8", rounding="twice")
KERNEL_INT4_BLOCKS = LinearKernelBlocks.of("kernel int4 blocks", 32)
KERNEL_INT4_BLOCKS_OF_64 = LinearKernelBlocks.of("kernel int4 blocks of 64", 64)
