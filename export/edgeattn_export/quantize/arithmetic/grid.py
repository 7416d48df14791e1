"""The integers that a weight is stored in, and which of its rows share a step.

On a symmetric grid the largest weight of a step becomes the largest number. A whole one, -8 to 7 with 4 bits,
has one number more below 0: there the largest weight becomes the lowest number, whatever its sign, and the
step is negative where the weight is positive. That by itself takes a quarter of MiniLM's error with 4 bits.

Steps of blocks are many. They are numbers of bfloat16, which takes half their bytes; weights are rounded by
the step as it is stored, so that this costs nothing that could be measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.pairs import LARGEST_SUM

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]

BFLOAT16 = ir.DataType.BFLOAT16.numpy()
LARGEST = 127  # -128 stays unused: the range is symmetric, so that no zero point is needed


@dataclass(frozen=True, slots=True)
class Grid:
    """Such as ``Grid()``, int8 with a step a channel, or ``Grid.whole(4, 32)``, a step for 32 of its rows.

    A weight (D, N) has scales (D / block, N), or (1, N) without blocks.

    Attributes:
        lowest: The lowest stored number, below 0.
        highest: The highest.
        block: Rows of a channel that share a step; None where all do.
    """

    lowest: int = -LARGEST
    highest: int = LARGEST
    block: int | None = None

    @classmethod
    def whole(cls, bits: int, block: int) -> Grid:
        """Return all the numbers of some bits, a step for each ``block`` rows."""
        return cls(-(1 << (bits - 1)), (1 << (bits - 1)) - 1, block)

    @property
    def bits(self) -> int:
        """Of a stored number."""
        return (self.highest - self.lowest).bit_length()

    @property
    def largest_sum(self) -> int:
        """Of two neighbors in steps, before they are rounded, where they are paired: rounding adds 1."""
        return LARGEST_SUM - 1

    def scale_of(self, weight: Floats) -> Floats:
        """Return the scales by which the largest weight of each step is the grid's farthest number, about.

        Raises:
            ValueError: The weight holds a NaN or an infinity, or its rows are no whole blocks.
        """
        blocks = self.blocks(weight)  # (B, block, N)
        if self.lowest == -self.highest:
            scale: Floats = np.abs(blocks).max(1) / self.highest  # (B, N)
        else:
            farthest = np.take_along_axis(blocks, np.abs(blocks).argmax(1, keepdims=True), 1)[:, 0]
            scale = farthest / np.float32(self.lowest)
        if not np.isfinite(scale).all():
            raise ValueError("holds a NaN or an infinity")
        # All-zero, or too small for float32 to hold its scale to full precision: stored as zeros.
        scale[np.abs(scale) < np.finfo(np.float32).tiny] = 1.0
        return self.storable(scale)

    def storable(self, scale: Floats) -> Floats:
        """Return the scales next to some that can be stored: those of blocks are of bfloat16."""
        return scale if self.block is None else scale.astype(BFLOAT16).astype(np.float32)

    def quantize(self, weight: Floats) -> tuple[Bytes, Floats]:
        """Return a weight as it is stored by ``scale_of``, and its scales."""
        scale = self.scale_of(weight)
        return self.round(weight, scale), scale

    def round(self, weight: Floats, scale: Floats) -> Bytes:
        """Return each weight in steps of its scale, rounded to the nearest and clipped, (D, N)."""
        steps = np.rint(self.blocks(weight) / scale[:, None])  # (B, block, N)
        stored: Bytes = np.clip(steps, self.lowest, self.highest).astype(np.int8)
        return stored.reshape(weight.shape)

    def dequantize(self, stored: Bytes, scale: Floats) -> Floats:
        """Return ``stored * scale``, (D, N)."""
        blocks = self.blocks(stored.astype(np.float32)) * scale[:, None]  # (B, block, N)
        return blocks.reshape(stored.shape)

    def of_rows(self, scale: Floats, rows: int) -> Floats:
        """Return the scale of each of D = ``rows`` rows, (D, N)."""
        return np.repeat(scale, rows // len(scale), axis=0)

    def blocks(self, weight: Floats) -> Floats:
        """Return the rows that share a step behind one another, (B, block, N)."""
        return weight.reshape(-1, self.block or len(weight), weight.shape[1])


INT8 = Grid()
