"""A linear layer whose weights and activations have a scale for each block of input channels.

Before: x W + b
After:  MatMulNBits(x, W_u8 or W_u4, scales, , , b)    zero point 128 or 8, int8 activations
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.forms.form import LinearForm
from edgeattn_export.quantize.grid import Grid
from edgeattn_export.quantize.linear import Floats, Linear

INT8_ACTIVATIONS = 4  # the operator's accuracy_level
SCALE = 2  # bytes for each block, see ``narrow_scales``


class LinearBlocks(LinearForm):
    """Exact and slower at 8 bits; half the size at 4. Unsigned weights never saturate."""

    def unfit(self, width: int, channels: int) -> str | None:  # noqa: ARG002
        """Refuse an input whose channels are not whole blocks."""
        block = self.grid.block or width
        return f"its {width} input channels are no multiple of {block}" if width % block else None

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the operator."""
        stored, scale = blocks_of(linear)
        bits, block = self.grid.bits, stored.shape[2]
        weight = embed(tape, packed(stored, bits), f"{name}.int{bits}")
        scales = embed(tape, scale, f"{name}.scales")
        bias = None if linear.bias is None else embed(tape, linear.bias, f"{name}.bias")
        dims = linear.weight.shape
        return block_product(tape, x, weight, scales, bias, dims=dims, bits=bits, block=block)


def block_product(
    tape: Tape,
    x: ir.Value,
    weight: ir.Value,
    scales: ir.Value,
    bias: ir.Value | None,
    *,
    dims: tuple[int, ...],
    bits: int,
    block: int,
) -> ir.Value:
    """Record the product with a weight (N, D / block, bytes of a block), ``dims`` being D and N."""
    width, channels = dims
    attributes: dict[str, int] = {
        "K": width,
        "N": channels,
        "bits": bits,
        "block_size": block,
        "accuracy_level": INT8_ACTIVATIONS,
    }
    return tape.op("MatMulNBits", [x, weight, scales, None, None, bias], attributes, domain=MICROSOFT)


def _blocks(name: str, bits: int, block: int) -> LinearBlocks:
    stored = bits / 8 + SCALE / block
    return LinearBlocks(name, Grid.whole(bits, block), paired=False, bytes_per_weight=stored)


INT8_BLOCKS = _blocks("int8 blocks", 8, 32)
INT4_BLOCKS = _blocks("int4 blocks", 4, 32)
INT4_BLOCKS_OF_64 = _blocks("int4 blocks of 64", 4, 64)


def blocks_of(linear: Linear) -> tuple[NDArray[np.int8], Floats]:
    """Return a layer's stored weight as (N, D / block, block), and its scales (N, D / block)."""
    scale = np.ascontiguousarray(linear.steps.T)  # (N, D / block)
    stored = np.ascontiguousarray(linear.rounded.T).reshape(*scale.shape, -1)
    # The operator takes the zero point away in float: what that leaves of a block of zeros is scaled by 0.
    return stored, scale * stored.any(axis=2)


def packed(stored: NDArray[np.int8], bits: int) -> NDArray[np.uint8]:
    """Return blocks (N, D / block, block) as bytes; of 4 bits two in each, the first in the low half."""
    shifted = (stored.astype(np.int16) + (1 << (bits - 1))).astype(np.uint8)  # (N, D / block, block)
    if bits == 8:
        return shifted
    pairs = shifted[..., 0::2] + 16 * shifted[..., 1::2].astype(np.uint16)  # (N, D / block, block / 2)
    return pairs.astype(np.uint8)
