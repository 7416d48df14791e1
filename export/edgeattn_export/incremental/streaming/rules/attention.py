"""Self-attention that looks back a limited way: it keeps as many keys and values as its mask shows.

Before: Attention(q, k, v, mask, is_causal)                        over all times
After:  keys, values = the last of those before, and the hop's
        Attention(q, keys, values, band)                           band (rate, back + rate)

What has not been filled is hidden by the number of hops so far. Keys and values are kept as they enter the
operator: after rotary positions, and once for all the query heads that share them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx_ir as ir

from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.incremental.streaming.band import Band, Floats, band_of
from edgeattn_export.incremental.streaming.stream import Stream
from edgeattn_export.incremental.streaming.walk import StreamRule, Walk

MASK = 3  # an Attention's operand


def attended(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a self-attention, or one over what never changes."""
    query, key, value, *others = node.inputs
    mask = others[0] if others else None
    if len(node.outputs) > 1 or any(each is not None for each in others[1:]):
        raise CannotStep("has a cache of its own, or gives out more than its result")
    queries = walk.aligned(query)
    if not walk.grows(key) and not walk.grows(value) and not node.attributes.get_int("is_causal", 0):
        (out,) = walk.draft.clone(node, [queries.value, *map(walk.operand, node.inputs[1:])])
        return [queries.on(out)]
    if walk.growth.reads(mask):
        raise CannotStep("has a mask that depends on what is heard, such as one of padding: leave it out")
    keys, values = walk.aligned(key), walk.aligned(value)
    if len({(each.axis, each.rate) for each in (queries, keys, values)}) != 1:
        raise CannotStep("has queries, keys and values of several times")
    band = band_of(_bias(walk, node, mask, queries.rate), queries.rate, walk.most_hops)
    windows = [walk.draft.window(each, band.back) for each in (keys, values)]
    bias = _step_bias(walk, band, queries.rate)
    (out,) = walk.draft.clone(node, [queries.value, *windows, bias], {"is_causal": 0})
    return [queries.on(out)]


def _bias(walk: Walk, node: ir.Node, mask: ir.Value | None, rate: int) -> Callable[[int], Floats]:
    """Return what gives an attention's mask, its causal attribute written in, as it is added to scores."""
    is_causal = bool(node.attributes.get_int("is_causal", 0))
    at = None if mask is None else walk.at_hops(mask)

    def bias(hops: int) -> Floats:
        times = np.arange(hops * rate)
        given = np.zeros((1, 1)) if at is None else at(hops)
        whole = np.where(given, 0, -np.inf) if given.dtype == np.bool_ else given
        if is_causal:
            whole = np.where(times <= times[:, None], whole, -np.inf)
        whole = whole.astype(np.float32)
        return np.broadcast_to(whole, (*whole.shape[:-2], len(times), len(times)))

    return bias


def _step_bias(walk: Walk, band: Band, rate: int) -> ir.Value:
    """Return a hop's bias, -inf where nothing has been: (..., rate, back + rate)."""
    draft, op = walk.draft, walk.draft.op
    bias = draft.constant(band.bias if band.pattern > 1 else band.bias[0], "stream.band")
    if band.pattern > 1:
        turn = op("Squeeze", [op("Mod", [draft.count, draft.number(band.pattern)])])
        bias = op("Gather", [bias, turn], {"axis": 0})
    if not band.back:
        return bias
    places = draft.constant(np.arange(band.back + rate), "stream.places")
    empty = op("Sub", [draft.number(band.back), draft.counted(rate)])
    hidden = draft.constant(np.array([-np.inf], np.float32), "stream.hidden")
    return op("Where", [op("GreaterOrEqual", [places, empty]), bias, hidden])


ATTENTION: Mapping[str, StreamRule] = {"Attention": attended}
