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
from edgeattn_export.quantize.affine import quantize_along
from edgeattn_export.quantize.forms.form import SCALE, LinearForm
from edgeattn_export.quantize.linear import Floats, Linear

BLOCK = 32  # rows
INT8_ACTIVATIONS = 4  # the operator's accuracy_level


class LinearBlocks(LinearForm):
    """Exact and slower at 8 bits; half the size at 4. Unsigned weights never saturate."""

    @property
    def bits(self) -> int:
        """Of a stored weight."""
        return (2 * self.levels).bit_length()

    def unfit(self, width: int, channels: int) -> str | None:  # noqa: ARG002
        """Refuse an input whose channels are not whole blocks."""
        return f"its {width} input channels are no multiple of {BLOCK}" if width % BLOCK else None

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the operator; it rounds by block, whatever a technique rounded."""
        stored, scale = blocks_of(linear.weight, self.levels)
        weight = embed(tape, packed(stored, self.bits), f"{name}.int{self.bits}")
        scales = embed(tape, scale, f"{name}.scales")
        bias = None if linear.bias is None else embed(tape, linear.bias, f"{name}.bias")
        return block_product(tape, x, weight, scales, bias, dims=linear.weight.shape, bits=self.bits)


def block_product(
    tape: Tape,
    x: ir.Value,
    weight: ir.Value,
    scales: ir.Value,
    bias: ir.Value | None,
    *,
    dims: tuple[int, ...],
    bits: int,
) -> ir.Value:
    """Record the product with a weight (N, D / BLOCK, bytes of a block), ``dims`` being D and N."""
    width, channels = dims
    attributes: dict[str, int] = {
        "K": width,
        "N": channels,
        "bits": bits,
        "block_size": BLOCK,
        "accuracy_level": INT8_ACTIVATIONS,
    }
    return tape.op("MatMulNBits", [x, weight, scales, None, None, bias], attributes, domain=MICROSOFT)


def _blocks(name: str, bits: int) -> LinearBlocks:
    stored = bits / 8 + SCALE / BLOCK
    levels = 2 ** (bits - 1) - 1
    return LinearBlocks(name, levels, paired=False, own_steps=True, bytes_per_weight=stored)


INT8_BLOCKS = _blocks("int8 blocks", 8)
INT4_BLOCKS = _blocks("int4 blocks", 4)


def blocks_of(weight: Floats, levels: int) -> tuple[NDArray[np.int8], Floats]:
    """Quantize (D, N) by blocks of rows: (N, D / BLOCK, BLOCK) int8 and scales (N, D / BLOCK)."""
    width, channels = weight.shape
    rows = np.ascontiguousarray(weight.T).reshape(-1, BLOCK)  # (N * D / BLOCK, BLOCK)
    stored, scale = quantize_along(rows, axis=1, levels=levels)
    # The operator takes the zero point away in float: what that leaves of a block of zeros is scaled by 0.
    scale *= stored.any(axis=1, keepdims=True)
    blocks = width // BLOCK
    return stored.reshape(channels, blocks, BLOCK), scale.reshape(channels, blocks)


def packed(stored: NDArray[np.int8], bits: int) -> NDArray[np.uint8]:
    """Return blocks (N, D / BLOCK, BLOCK) as bytes; of 4 bits two in each, the first in the low half."""
    shifted = (stored.astype(np.int16) + (1 << (bits - 1))).astype(np.uint8)  # (N, D / BLOCK, BLOCK)
    if bits == 8:
        return shifted
    pairs = shifted[..., 0::2] + 16 * shifted[..., 1::2].astype(np.uint16)  # (N, D / BLOCK, BLOCK / 2)
    return pairs.astype(np.uint8)
