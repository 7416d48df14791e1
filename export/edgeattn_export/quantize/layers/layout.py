"""Where a linear layer's channels stand: last, as in a matrix product, or behind the batch, as in a map.

A convolution whose windows do not overlap is a linear layer over each of them:

    pointwise   Conv(x, W (N, C, 1, 1))           = first(last(x) W'),   W' (C, N)
    patches     Conv(x, W (N, C, p, q), steps p, q) = first(rows(x) W'),  W' (C p q, N)

with last: (B, C, H, W) -> (B, H, W, C), rows: (B, C, h p, w q) -> (B, h, w, C p q), first: back again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed

Array = NDArray[np.generic]


class Layout:
    """How a layer's input becomes rows of channels (..., D), and its rows (..., N) what the layer makes."""

    def rows(self, x: Array) -> Array:
        """Return an input as (..., D)."""
        return x

    def enter(self, _: Tape, x: ir.Value) -> ir.Value:
        """Record what makes (..., D) of an input."""
        return x

    def leave(self, _: Tape, rows: ir.Value) -> ir.Value:
        """Record what makes the layer's output of (..., N)."""
        return rows


@dataclass(frozen=True, slots=True)
class ChannelsLast(Layout):
    """Rows as they are."""


@dataclass(frozen=True, slots=True)
class ChannelsFirst(Layout):
    """A map (B, C, ...) with ``axes`` behind batch and channels."""

    axes: int

    def rows(self, x: Array) -> Array:
        """Return (B, ..., C)."""
        return np.moveaxis(x, 1, -1)

    def enter(self, tape: Tape, x: ir.Value) -> ir.Value:
        """Record the transposition."""
        return tape.op("Transpose", [x], {"perm": [0, *range(2, self.axes + 2), 1]})  # (B, ..., C)

    def leave(self, tape: Tape, rows: ir.Value) -> ir.Value:
        """Record the transposition back."""
        return tape.op("Transpose", [rows], {"perm": [0, self.axes + 1, *range(1, self.axes + 1)]})


@dataclass(frozen=True, slots=True)
class Patches(Layout):
    """A map (B, C, h p, w q) cut into h x w patches.

    Attributes:
        channels: C.
        counts: h and w: how many patches there are along each axis.
        sizes: p and q: how many numbers of a channel a patch has along it.
    """

    channels: int
    counts: tuple[int, ...]
    sizes: tuple[int, ...]

    def rows(self, x: Array) -> Array:
        """Return (B, h, w, C p q)."""
        return x.reshape(len(x), *self._split).transpose(self._order).reshape(len(x), *self._joined)

    def enter(self, tape: Tape, x: ir.Value) -> ir.Value:
        """Record the cutting."""
        split = embed(tape, np.array([0, *self._split]), "patches.split")
        joined = embed(tape, np.array([0, *self._joined]), "patches.joined")
        cut = tape.op("Transpose", [tape.op("Reshape", [x, split])], {"perm": list(self._order)})
        return tape.op("Reshape", [cut, joined])  # (B, h, w, C p q)

    def leave(self, tape: Tape, rows: ir.Value) -> ir.Value:
        """Record the transposition to (B, N, h, w)."""
        return ChannelsFirst(len(self.counts)).leave(tape, rows)

    @property
    def _split(self) -> tuple[int, ...]:
        pairs = zip(self.counts, self.sizes, strict=True)
        return self.channels, *(size for pair in pairs for size in pair)  # (C, h, p, w, q)

    @property
    def _order(self) -> tuple[int, ...]:
        axes = len(self.counts)
        return 0, *range(2, 2 * axes + 2, 2), 1, *range(3, 2 * axes + 2, 2)  # (B, h, w, C, p, q)

    @property
    def _joined(self) -> tuple[int, ...]:
        return *self.counts, self.channels * math.prod(self.sizes)


LAST = ChannelsLast()
