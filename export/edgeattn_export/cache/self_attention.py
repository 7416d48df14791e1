"""Self-attention with a past: the operator's own inputs and outputs for it.

Before: Attention(q, k, v, mask, is_causal)                        over all tokens
After:  Attention(q, k, v, mask', past_key, past_value) -> present_key, present_value

Keys and values are kept as they enter the operator: after rotary positions, and once for all the query heads
that share them. The causal attribute becomes a mask, since the standard aligns it with the first key, which a
past has moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.cache.anatomy import Anatomy
from edgeattn_export.cache.copies import Copies
from edgeattn_export.cache.draft import Draft
from edgeattn_export.cache.masks import MASK, StepMasks
from edgeattn_export.cache.refusal import CannotStep
from edgeattn_export.scopes import module_of

PAST, TOTAL = "past", "total"  # symbols: the tokens before a call, and those with the call's own


@dataclass(frozen=True, slots=True)
class SelfAttention:
    """An attention to the tokens, and its caches (batch, kv_heads, past or total, size): keys, values."""

    node: ir.Node
    past: tuple[ir.Value, ir.Value]
    present: tuple[ir.Value, ir.Value]


def find_self_attentions(anatomy: Anatomy) -> tuple[SelfAttention, ...]:
    """Return the self-attentions in their order, numbered from 0.

    Raises:
        CannotStep: There is none, or one whose keys, mask or outputs leave no room for a cache.
    """
    found: list[SelfAttention] = []
    for node in anatomy.model.graph:
        if node.op_type == "Attention" and anatomy.reads_tokens(node.outputs[0]):
            reason = _objection(anatomy, node)
            if reason:
                raise CannotStep(f"attention {module_of(node) or node.name!r} {reason}")
            if anatomy.reads_tokens(node.inputs[1]):
                found.append(_with_cache(anatomy, node, len(found)))
    if not found:
        raise CannotStep("no attention operator of the graph takes its keys and values from the tokens")
    return tuple(found)


def attend(draft: Draft, attention: SelfAttention, own: Copies, masks: StepMasks) -> None:
    """Add an attention with its past to a step graph."""
    node = attention.node
    operands = [own.of(value) for value in node.inputs[:MASK] if value is not None]
    result = ir.Value(name=node.outputs[0].name, type=node.outputs[0].type)
    draft.tape.op_multi_out(
        "Attention",
        [*operands, masks.of(node), *attention.past],
        {name: value for name, value in node.attributes.items() if name != "is_causal"},
        outputs=(result, *attention.present),
        metadata_props=dict(node.metadata_props),
    )
    own.give(node.outputs[0], result)


def _objection(anatomy: Anatomy, node: ir.Node) -> str | None:
    keys, values = node.inputs[1:3]
    if anatomy.reads_tokens(keys) is not anatomy.reads_tokens(values):
        return "takes its keys or its values, but not both, from the tokens"
    if len(node.outputs) > 1 or any(value is not None for value in node.inputs[MASK + 1 :]):
        return "has a cache of its own, or gives out more than its result"
    if anatomy.by_length(keys) or anatomy.by_length(values):
        return "has keys or values that depend on the number of tokens alone"
    if anatomy.reads_tokens(keys) and any(map(anatomy.reads_tokens, node.inputs[MASK:])):
        return (
            "has a mask that depends on which tokens it is given, such as one of padding; padding stands "
            "last, where a causal mask hides it: leave that mask out"
        )
    return None


def _with_cache(anatomy: Anatomy, node: ir.Node, number: int) -> SelfAttention:
    keys, values = (
        (
            _cache(anatomy, node, operand, f"past_{kind}_{number}", PAST),
            _cache(anatomy, node, operand, f"present_{kind}_{number}", TOTAL),
        )
        for kind, operand in (("key", node.inputs[1]), ("value", node.inputs[2]))
    )
    return SelfAttention(node, (keys[0], values[0]), (keys[1], values[1]))


def _cache(anatomy: Anatomy, node: ir.Node, operand: ir.Value | None, name: str, length: str) -> ir.Value:
    """Return a cache (batch, kv_heads, length, size) for keys or values, split into heads or not."""
    dims = anatomy.dims(operand)
    heads = dims[1] if len(dims) == 4 else node.attributes.get_int("kv_num_heads", None)
    if operand is None or not isinstance(heads, int) or not isinstance(dims[-1], int):
        raise CannotStep(f"{name}: keys or values of dims {dims} found; fixed heads and size expected")
    size = dims[-1] if len(dims) == 4 else dims[-1] // heads
    return ir.Value(
        name=name,
        type=ir.TensorType(anatomy.dtype(operand)),
        shape=ir.Shape([anatomy.roles.batch, heads, length, size]),
    )
