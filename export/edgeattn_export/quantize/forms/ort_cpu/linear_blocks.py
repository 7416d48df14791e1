"""A linear layer whose weights and activations have a scale for each block of input channels.

Before: x W + b
After:  MatMulNBits(x, W_u4, scales, , , b)    zero point 8, int8 activations
"""

from __future__ import annotations

from typing import Self

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.arithmetic.grid import Grid
from edgeattn_export.quantize.forms.form import LinearForm, stored_bias
from edgeattn_export.quantize.forms.ort_cpu.products import Weight
from edgeattn_export.quantize.layers.linear import Floats, Linear

BITS = 4  # of a stored weight
INT8_ACTIVATIONS = 4  # the operator's accuracy_level
SCALE = 2  # bytes for each block, see ``narrow_scales``


class LinearBlocks(LinearForm):
    """Half the size. Unsigned weights never saturate."""

    @classmethod
    def of(cls, name: str, block: int) -> Self:
        """Return the form whose scales are those of ``block`` channels."""
        return cls(name, Grid.whole(BITS, block), paired=False, bytes_per_weight=BITS / 8 + SCALE / block)

    def unfit(self, width: int, channels: int) -> str | None:  # noqa: ARG002
        """Refuse an input whose channels are not whole blocks."""
        block = self.grid.block or width
        return f"its {width} input channels are no multiple of {block}" if width % block else None

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the operator."""
        stored, scale = blocks_of(linear)
        weight = embed(tape, packed(stored), f"{name}.int4")
        scales = embed(tape, scale, f"{name}.scales")
        bias = stored_bias(tape, linear, name)
        return block_product(tape, x, (weight, scales), bias, dims=linear.weight.shape, block=stored.shape[2])


def block_product(
    tape: Tape, x: ir.Value, weight: Weight, bias: ir.Value | None, *, dims: tuple[int, ...], block: int
) -> ir.Value:
    """Record the product with a weight (N, D / block, bytes of a block), ``dims`` being D and N."""
    attributes = {
        "K": dims[0],
        "N": dims[1],
        "bits": BITS,
        "block_size": block,
        "accuracy_level": INT8_ACTIVATIONS,
    }
    return tape.op("MatMulNBits", [x, *weight, None, None, bias], attributes, domain=MICROSOFT)


INT4_BLOCKS = LinearBlocks.of("int4 blocks", 32)
INT4_BLOCKS_OF_64 = LinearBlocks.of("int4 blocks of 64", 64)


def blocks_of(linear: Linear) -> tuple[NDArray[np.int8], Floats]:
    """Return a layer's stored weight as (N, D / block, block), and its scales (N, D / block)."""
    scale = np.ascontiguousarray(linear.steps.T)  # (N, D / block)
    stored = np.ascontiguousarray(linear.rounded.T).reshape(*scale.shape, -1)
    # The operator takes the zero point away in float: what that leaves of a block of zeros is scaled by 0.
    return stored, scale * stored.any(axis=2)


def packed(stored: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Return blocks (N, D / block, block) as bytes, two numbers in each, the first in the low half."""
    shifted = (stored + 8).astype(np.uint8)  # (N, D / block, block)
    pairs: NDArray[np.uint8] = np.bitwise_or(shifted[..., 0::2], shifted[..., 1::2] << 4)
    return pairs  # (N, D / block, block / 2)
