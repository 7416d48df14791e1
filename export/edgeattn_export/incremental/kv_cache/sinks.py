"""A sink in a step has no slot: a row of zeros is put behind all slots, and a column into the mask.

Before: Attention(q, Pad(k), Pad(v), Pad(m) + Pad(sink))             the sink of all tokens, or one a token
After:  Attention(q, Pad(present_key), Pad(present_value), Pad(m') + Pad(sink'))         m', sink' of the new
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims
from edgeattn_export.incremental.kv_cache.anatomy import Anatomy
from edgeattn_export.incremental.kv_cache.decoder_draft import DecoderDraft
from edgeattn_export.recover.rules.attention.sink import parts_of_mask


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
