"""Self-attention with a past: over a cache into which the new keys and values are written first.

Before: Attention(q, k, v, mask, is_causal; scale)                 over all tokens
After:  present_key, present_value = past_key, past_value with k, v in the new tokens' slots
        Attention(scale q, present_key, present_value, mask'; 1)

Keys and values are kept as they enter the operator: after rotary positions, and once for all the query heads
that share them; but each head by itself, so that attention reads what lies together. The causal attribute
becomes a mask, since the standard aligns it with the first key, which a past has moved. The mask also hides
the slots that are not yet filled. The row of zeros that stands for a sink has no slot: it is put behind them.

The operator has inputs for a past and outputs for a present of its own, and onnxruntime copies the one to the
other in every step. A layer of models/story took 41 us with them at 1,000 tokens, 31 with slots, and 22 with
a scale of 1 too; at 100 tokens 9.3, 9.3 and 8.9. With heads side by side it would be 27 at 1,000.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.scopes import module_of
from edgeattn_export.incremental.kv_cache.anatomy import Anatomy, Dims
from edgeattn_export.incremental.kv_cache.decoder_draft import Copies, DecoderDraft
from edgeattn_export.incremental.kv_cache.masks import MASK, StepMasks, own_sink, with_row
from edgeattn_export.incremental.kv_cache.slots import CAPACITY, HEADS_FIRST, TOKENS_FIRST, Slots
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.recover.rules.attention.outputs import weights_of
from edgeattn_export.recover.rules.attention.sink import keys_and_values

SWAP = {"perm": (0, 2, 1, 3)}  # (B, S, H, D) <-> (B, H, S, D)
OTHERWISE = frozenset({"is_causal", "scale", "q_num_heads", "kv_num_heads"})  # put otherwise


@dataclass(frozen=True, slots=True)
class SelfAttention:
    """A self-attention over the tokens, and its caches (batch, kv_heads, capacity, size): keys, values."""

    node: ir.Node
    past: tuple[ir.Value, ir.Value]
    present: tuple[ir.Value, ir.Value]


def find_self_attentions(anatomy: Anatomy) -> tuple[SelfAttention, ...]:
    """Return the self-attentions in their order, numbered from 0.

    Raises:
        CannotStep: There is none, or one whose keys, mask or outputs leave no room for a cache.
    """
    attentions: list[SelfAttention] = []
    for node in anatomy.model.graph:
        if node.op_type == "Attention" and anatomy.reads_tokens(node.outputs[0]):
            reason = _objection(anatomy, node)
            if reason:
                raise CannotStep(f"attention {module_of(node) or node.name!r} {reason}")
            if anatomy.reads_tokens(node.inputs[1]):
                attentions.append(_with_cache(anatomy, node, len(attentions)))
    if not attentions:
        raise CannotStep("no attention operator of the graph takes its keys and values from the tokens")
    return tuple(attentions)


def attend(
    draft: DecoderDraft, attention: SelfAttention, own: Copies, masks: StepMasks, slots: Slots
) -> None:
    """Add an attention with its past to a step graph."""
    node = attention.node
    side_by_side = len(draft.anatomy.dims(node.inputs[0])) == 3
    parts = keys_and_values(node)
    query, *new = (own.of(value) for value in (node.inputs[0], *parts.both) if value is not None)
    query = _scaled(draft, node, query)
    if side_by_side:
        heads = node.attributes.get_int("q_num_heads", 1)
        query = draft.op("Transpose", [_split(draft, query, heads)], SWAP, name=f"{query.name}.apart")
        new = [_split(draft, value, node.attributes.get_int("kv_num_heads", heads)) for value in new]
    dtype = draft.anatomy.dtype(node.outputs[0])
    query.dtype, query.shape = dtype, ir.Shape(_by_head(draft.anatomy, node))
    for past, written, present in zip(attention.past, new, attention.present, strict=True):
        slots.write(past, written, present, layout=TOKENS_FIRST if side_by_side else HEADS_FIRST)
    kept = [with_row(draft, value) for value in attention.present] if parts.sunk else attention.present
    result = draft.tape.op(
        "Attention",
        [query, *kept, masks.of(node, own)],
        {name: value for name, value in node.attributes.items() if name not in OTHERWISE} | {"scale": 1.0},
        metadata_props=dict(node.metadata_props),
    )
    if side_by_side:
        result.name = f"{node.outputs[0].name}.apart"
        result = _joined(draft, result)
    result.name, result.dtype = node.outputs[0].name, dtype
    own.give(node.outputs[0], result)


def _by_head(anatomy: Anatomy, node: ir.Node) -> Dims:
    """Return the dims of a query (batch, heads, new, size)."""
    batch, *rest, width = anatomy.dims(node.inputs[0])
    if len(rest) == 2:
        return (batch, *rest, width)
    heads = node.attributes.get_int("q_num_heads", 1)
    return (batch, heads, *rest, width // heads if isinstance(width, int) else None)


def _split(draft: DecoderDraft, value: ir.Value, heads: int) -> ir.Value:
    """Split the last axis into heads."""
    sizes = draft.constant(np.array([0, 0, heads, -1], np.int64), f"heads.{heads}")
    return draft.op("Reshape", [value, sizes], name=f"{value.name}.heads")  # (B, S, H, D)


def _joined(draft: DecoderDraft, value: ir.Value) -> ir.Value:
    """Put heads side by side."""
    swapped = draft.op("Transpose", [value], SWAP, name=f"{value.name}.swapped")  # (B, S, H, D)
    sizes = draft.constant(np.array([0, 0, -1], np.int64), "heads.joined")
    return draft.op("Reshape", [swapped, sizes], name=f"{value.name}.joined")  # (B, S, H D)


def _scaled(draft: DecoderDraft, node: ir.Node, query: ir.Value) -> ir.Value:
    """Scale the query instead of the scores.

    onnxruntime multiplies one query with the keys as they lie only where the factor is 1; for any other it
    packs all keys anew.
    """
    scale = _scale(node, draft.anatomy.dims(node.inputs[0]))
    if scale == 1:
        return query
    factor = draft.constant(np.float32(scale), f"{query.name}.scale")
    return draft.op("Mul", [query, factor], name=f"{query.name}.scaled")


def _scale(node: ir.Node, dims: Dims) -> float:
    """Return the factor of the scores of queries of these dims: the standard's own where none is given."""
    given = node.attributes.get_float("scale", None)
    if given is not None:
        return given
    heads = node.attributes.get_int("q_num_heads", 1) if len(dims) == 3 else 1
    if not isinstance(dims[-1], int):
        where = module_of(node) or node.name
        raise CannotStep(f"attention {where!r} has queries of dims {dims}; a fixed size expected")
    return 1 / math.sqrt(dims[-1] // heads)


def _objection(anatomy: Anatomy, node: ir.Node) -> str | None:
    parts = keys_and_values(node)
    keys, values = parts.both
    if anatomy.reads_tokens(keys) is not anatomy.reads_tokens(values):
        return "takes its keys or its values, but not both, from the tokens"
    if weights_of(node) is not None:
        return "gives out its weights, which differ in size from step to step; give out none to have a cache"
    if len(node.outputs) > 1 or any(value is not None for value in node.inputs[MASK + 1 :]):
        return "has a cache of its own"
    if anatomy.by_length(keys) or anatomy.by_length(values):
        return "has keys or values that depend only on the number of tokens"
    causal = node.attributes.get_int("is_causal", 0)
    if parts.sunk and causal:
        return "is causal by its attribute, and has a key of zeros more than tokens; mask it instead"
    mask = node.inputs[MASK] if len(node.inputs) > MASK else None
    if anatomy.reads_tokens(keys) and anatomy.reads_tokens(mask) and own_sink(anatomy, mask) is None:
        return (
            "has a mask that depends on which tokens it is given, such as one of padding; padding stands "
            "last, where a causal mask masks it out: leave the padding mask out"
        )
    return None


def _with_cache(anatomy: Anatomy, node: ir.Node, number: int) -> SelfAttention:
    keys, values = keys_and_values(node).both
    past, present = (
        (
            _cache(anatomy, node, keys, f"{end}_key_{number}"),
            _cache(anatomy, node, values, f"{end}_value_{number}"),
        )
        for end in ("past", "present")
    )
    return SelfAttention(node, past, present)


def _cache(anatomy: Anatomy, node: ir.Node, operand: ir.Value | None, name: str) -> ir.Value:
    """Return a cache (batch, kv_heads, capacity, size) for keys or values, split into heads or not."""
    dims = anatomy.dims(operand)
    heads = dims[1] if len(dims) == 4 else node.attributes.get_int("kv_num_heads", None)
    if operand is None or not isinstance(heads, int) or not isinstance(dims[-1], int):
        raise CannotStep(f"{name}: keys or values of dims {dims} found; fixed heads and size expected")
    size = dims[-1] if len(dims) == 4 else dims[-1] // heads
    return ir.Value(
        name=name,
        type=ir.TensorType(anatomy.dtype(operand)),
        shape=ir.Shape([anatomy.roles.batch, heads, CAPACITY, size]),
    )
