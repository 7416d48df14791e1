"""The new tokens' keys and values, written into a cache that has room for them.

Before: [past ; new]                                    all of the past is copied to make place
After:  ScatterND(past, where (b, h, past + i), new)    nothing is, where the app gives both ends one memory

onnxruntime's kernel writes into its first input where that and its output are one memory. Everywhere else the
operator means the same, with a copy.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgeattn_export.incremental.kv_cache.decoder_draft import DecoderDraft
from edgeattn_export.incremental.kv_cache.rows import Lengths

CAPACITY = "capacity"  # the symbol of the tokens that a cache has room for

BATCH, HEAD, SLOT = range(3)  # axes of a cache (batch, kv_heads, capacity, size)
HEADS_FIRST = (BATCH, HEAD, SLOT)  # new keys or values (batch, kv_heads, new, size)
TOKENS_FIRST = (BATCH, SLOT, HEAD)  # new keys or values (batch, new, kv_heads, size)


class Slots:
    """Writes into caches (batch, kv_heads, capacity, size) of as many heads, from either layout."""

    def __init__(self, draft: DecoderDraft, lengths: Lengths) -> None:
        self._draft = draft
        self._lengths = lengths
        self._made: dict[tuple[int, tuple[int, ...]], ir.Value] = {}

    def write(self, past: ir.Value, new: ir.Value, present: ir.Value, *, layout: tuple[int, ...]) -> None:
        """Add the node that makes ``present`` of ``past`` and the new tokens' keys or values."""
        heads = past.shape[HEAD] if past.shape is not None else None
        if not isinstance(heads, int):
            raise TypeError(f"{past.name}: a cache without a fixed number of heads")
        if (heads, layout) not in self._made:
            self._made[heads, layout] = self._places(heads, layout)
        self._draft.tape.op("ScatterND", [past, self._made[heads, layout], new], output=present)

    def _places(self, heads: int, layout: tuple[int, ...]) -> ir.Value:
        """Return where each new token goes, its batch, head and slot: int64 (*layout, 3)."""
        op, constant = self._draft.op, self._draft.constant
        name = ".".join(map(str, ("slots", heads, *layout)))
        numbers = {
            BATCH: self._batch(),
            HEAD: constant(np.arange(heads), f"slots.{heads}"),
            SLOT: self._range("slots.new", self._lengths.past, self._lengths.total),
        }
        batch, head, slot = (
            self._along(f"{name}.{axis}", number, layout.index(axis), axis)
            for axis, number in numbers.items()
        )
        return op("Add", [op("Add", [batch, head], name=f"{name}.heads"), slot], name=name)

    def _along(self, name: str, numbers: ir.Value, place: int, axis: int) -> ir.Value:
        """Lay numbers (n) along a place of the layout, as coordinates of their axis: (n, 1 ..., 3)."""
        op, constant = self._draft.op, self._draft.constant
        after = constant(np.arange(1, len(HEADS_FIRST) + 1 - place), f"{name}.axes")
        column = op("Unsqueeze", [numbers, after], name=f"{name}.column")  # (n, 1 ...)
        unit = constant(np.eye(len(HEADS_FIRST), dtype=np.int64)[axis], f"{name}.unit")
        return op("Mul", [column, unit], name=name)

    def _batch(self) -> ir.Value:
        batch = self._draft.anatomy.roles.batch
        if isinstance(batch, int):
            return self._draft.constant(np.arange(batch), "slots.batch")
        none = self._draft.constant(np.array([0], np.int64), "slots.none")
        return self._range("slots.batch", none, self._draft.size(batch))

    def _range(self, name: str, first: ir.Value, end: ir.Value) -> ir.Value:
        op = self._draft.op
        bounds = [op("Squeeze", [bound], name=f"{name}.{bound.name}") for bound in (first, end)]
        return op("Range", [*bounds, self._draft.constant(np.int64(1), f"{name}.step")], name=name)
