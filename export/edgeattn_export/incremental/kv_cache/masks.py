"""The masks of a step: a row for each new token, a column for each token that the cache has room for.

A sink has no slot: a row of zeros is put behind all slots, and a column into the mask.

Before: Attention(q, Pad(k), Pad(v), Pad(m) + Pad(sink))             the sink of all tokens, or one a token
After:  Attention(q, Pad(present_key), Pad(present_value), Pad(m') + Pad(sink'))         m', sink' of the new
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims
from edgeattn_export.incremental.kv_cache.anatomy import Anatomy
from edgeattn_export.incremental.kv_cache.decoder_draft import Copies, DecoderDraft
from edgeattn_export.incremental.kv_cache.rows import Rows
from edgeattn_export.incremental.kv_cache.slots import CAPACITY
from edgeattn_export.recover.rules.attention.sink import parts_of_mask

MASK = 3  # an Attention's operand


class StepMasks:
    """Makes the masks of a step's self-attentions; the causal one once for all."""

    def __init__(self, draft: DecoderDraft, rows: Rows) -> None:
        self._draft = draft
        self._rows = rows
        self._causal: ir.Value | None = None

    def of(self, attention: ir.Node, own: Copies) -> ir.Value | None:
        """Return a mask (..., new, capacity) for an attention of the whole graph, or None.

        Its causal attribute is written in; a sink is one of the new tokens' ``own`` values.
        """
        whole = attention.inputs[MASK] if len(attention.inputs) > MASK else None
        causal = bool(attention.attributes.get_int("is_causal", 0))
        if whole is None:
            return self.causal() if causal else None
        sunk = own_sink(self._draft.anatomy, whole)
        if sunk is not None:
            plain, sink = sunk
            rows = None if plain is None else self._rows_of(plain)
            return with_column(self._draft, rows, own.of(sink), self._rows.lengths.capacity)
        if not causal:
            return self._rows_of(whole)
        mask, op = self._rows_of(whole), self._draft.op
        name = f"{mask.name}.causal"
        if self._draft.anatomy.dtype(whole) is ir.DataType.BOOL:
            hidden = self._draft.constant(np.float32(-np.inf), f"{name}.hidden")
            mask = op("Where", [mask, self.causal(), hidden], name=name)
        else:
            mask = op("Add", [mask, self.causal()], name=name)
        mask.dtype = ir.DataType.FLOAT
        mask.shape = ir.Shape([*self._draft.anatomy.dims(whole)[:-2], *self._lengths])
        return mask

    def causal(self) -> ir.Value:
        """Return 0 where a key is not after its query, else -inf: float32 (new, capacity)."""
        if self._causal is None:
            lengths, op, constant = self._rows.lengths, self._draft.op, self._draft.constant
            first, step = (constant(np.int64(n), f"causal.{n}") for n in (0, 1))
            past, total, capacity = (
                op("Squeeze", [length], name=f"causal.{length.name}")
                for length in (lengths.past, lengths.total, lengths.capacity)
            )
            keys = op("Range", [first, capacity, step], name="causal.keys")  # (capacity)
            queries = op("Range", [past, total, step], name="causal.queries")  # (new)
            last = constant(np.array([1], np.int64), "causal.last")
            column = op("Unsqueeze", [queries, last], name="causal.column")  # (new, 1)
            seen = op("LessOrEqual", [keys, column], name="causal.seen")  # (new, capacity)
            visible = constant(np.float32(0), "causal.kept")
            hidden = constant(np.float32(-np.inf), "causal.hidden")
            self._causal = op("Where", [seen, visible, hidden], name="causal")  # (new, capacity)
            self._causal.dtype, self._causal.shape = ir.DataType.FLOAT, ir.Shape(self._lengths)
        return self._causal

    def _rows_of(self, mask: ir.Value) -> ir.Value:
        """Cut a mask to the new tokens on every axis but the last, the keys'."""
        *rows, columns = self._draft.anatomy.dims(mask)
        axes = self._draft.anatomy.grown_axes(mask)
        cut = self._rows.of(mask, tuple(axis for axis in axes if axis != len(rows)))
        columns = CAPACITY if len(rows) in axes else columns  # one more than slots, with a sink
        cut.dtype, cut.shape = self._draft.anatomy.dtype(mask), ir.Shape([*rows, columns])
        return cut

    @property
    def _lengths(self) -> tuple[str, str]:
        """Of the new tokens, and of all that the cache has room for."""
        return self._draft.anatomy.roles.sequence, CAPACITY


def with_row(draft: DecoderDraft, present: ir.Value) -> ir.Value:
    """Put a row of zeros behind the slots of a cache (batch, kv_heads, capacity, size)."""
    batch, heads, capacity, size = dims(present)
    pads = draft.constant(np.array([0, 0, 0, 0, 0, 0, 1, 0], np.int64), "sink.row")
    more = draft.op("Pad", [present, pads], name=f"{present.name}.sink")
    more.type, more.shape = present.type, ir.Shape([batch, heads, f"{capacity} + 1", size])
    return more


def own_sink(anatomy: Anatomy, mask: ir.Value | None) -> tuple[ir.Value | None, ir.Value] | None:
    """Return the parts of a mask in which the sink, and nothing else, reads the tokens; None of any other."""
    parts = parts_of_mask(mask)
    if parts is None or not anatomy.reads_tokens(parts[1]) or anatomy.reads_tokens(parts[0]):
        return None
    return parts


def with_column(draft: DecoderDraft, mask: ir.Value | None, sink: ir.Value, capacity: ir.Value) -> ir.Value:
    """Add the new tokens' sink (batch, heads, new, 1) to the last column of a mask, of zeros until then."""
    rank = len(dims(sink))
    zeros = [draft.constant(np.zeros(n, np.int64), f"sink.zeros.{n}") for n in (rank - 1, rank)]
    pads = draft.op("Concat", [zeros[0], capacity, zeros[1]], {"axis": 0}, name=f"{sink.name}.pads")
    column = draft.op("Pad", [sink, pads], name=f"{sink.name}.column")  # (batch, heads, new, capacity + 1)
    joint = column if mask is None else draft.op("Add", [mask, column], name=f"{sink.name}.mask")
    joint.dtype, joint.shape = ir.DataType.FLOAT, ir.Shape([*dims(sink)[:-1], None])
    return joint
