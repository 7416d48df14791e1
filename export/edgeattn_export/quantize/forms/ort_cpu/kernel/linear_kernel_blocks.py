"""A linear layer by edgeattn's own kernel, whose weights are 4 bits with a scale for each block of channels.

Before: x W + b
After:  edgeattn.Int8Linear(x, W_u4ᵀ, scales, , b; bits=4, block_size=32)
        W becomes 8 bits when it is loaded. Without the kernel MatMulNBits computes the same weights, see
        ``linear_blocks``.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import BLOCKS, Int8Linear
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import (
    BITS,
    INT4_BLOCKS,
    INT4_BLOCKS_OF_64,
    LinearBlocks,
    blocks_of,
    packed,
)
from edgeattn_export.quantize.forms.ort_cpu.products import stored_bias
from edgeattn_export.quantize.layers.linear import Linear


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


def _by_kernel(form: LinearBlocks) -> LinearKernelBlocks:
    name, bytes_per_weight = f"kernel {form.name}", form.bytes_per_weight
    return LinearKernelBlocks(name, form.grid, paired=False, bytes_per_weight=bytes_per_weight)


KERNEL_INT4_BLOCKS = _by_kernel(INT4_BLOCKS)
KERNEL_INT4_BLOCKS_OF_64 = _by_kernel(INT4_BLOCKS_OF_64)
