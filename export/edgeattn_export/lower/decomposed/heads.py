"""Heads that stand side by side, (B, S, H*D), and one behind the other, (B, H, S, D)."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import Dims, dims, embed

HEADS_FIRST = (0, 2, 1, 3)  # (B, H, S, D) of (B, S, H, D), and back
KEYS_LAST = (0, 2, 3, 1)  # (B, H, D, T) of (B, T, H, D)


def split(tape: Tape, flat: ir.Value, heads: int | str | None) -> ir.Value:
    """Emit (B, S, H*D) as (B, H, S, D)."""
    return tape.op("Transpose", [with_heads(tape, flat, heads)], {"perm": HEADS_FIRST})


def keys_transposed(tape: Tape, keys: ir.Value, heads: int | str | None) -> ir.Value:
    """Emit keys, (B, T, H*D) or (B, H, T, D), as (B, H, D, T)."""
    if len(dims(keys)) == 4:
        return tape.op("Transpose", [keys], {"perm": (0, 1, 3, 2)})
    return tape.op("Transpose", [with_heads(tape, keys, heads)], {"perm": KEYS_LAST})


def joined(tape: Tape, mixed: ir.Value, width: Dims) -> ir.Value:
    """Emit (B, H, S, D) as (B, S, H*D); ``width`` is that last dim, or nothing where it is not known."""
    back = tape.op("Transpose", [mixed], {"perm": HEADS_FIRST})
    return reshaped(tape, back, (0, 0, *(width or (None,))))


def with_heads(tape: Tape, flat: ir.Value, heads: int | str | None) -> ir.Value:
    """Emit (B, S, H*D) as (B, S, H, D)."""
    width = dims(flat)[-1] if dims(flat) else None
    size = width // heads if isinstance(width, int) and isinstance(heads, int) else None
    return reshaped(tape, flat, (0, 0, heads, size))


def reshaped(tape: Tape, value: ir.Value, sizes: Dims) -> ir.Value:
    """Emit a Reshape; 0 keeps an axis, one size that is not known takes what is left."""
    shape = np.array([_size(size) for size in sizes], np.int64)
    return tape.op("Reshape", [value, embed(tape, shape, "sizes." + ".".join(map(str, shape)))])


def _size(dim: int | str | None) -> int:
    return dim if isinstance(dim, int) else -1
