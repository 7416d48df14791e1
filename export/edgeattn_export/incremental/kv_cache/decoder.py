"""The whole graph of a decoder -> the graph of its steps, with the past as plain inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.incremental.kv_cache.anatomy import Anatomy
from edgeattn_export.incremental.kv_cache.decoder_draft import Copies, DecoderDraft
from edgeattn_export.incremental.kv_cache.masks import StepMasks
from edgeattn_export.incremental.kv_cache.rows import Lengths, Rows
from edgeattn_export.incremental.kv_cache.self_attention import attend, find_self_attentions
from edgeattn_export.incremental.kv_cache.slots import SLOT, Slots
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_runtime.bundle.manifest import CacheEntry

LENGTH = "past_length"  # the input that says how many tokens the caches hold

# Operands that say a shape: a step's own. All others by the length are the new tokens' rows of the whole.
SHAPES = frozenset(
    {("Reshape", 1), ("Expand", 1), ("Tile", 1), ("Split", 1), ("Pad", 1)}
    | {("Slice", i) for i in range(1, 5)}
)


@dataclass(frozen=True, slots=True)
class Decoder:
    """A step graph and its caches. Its input ``LENGTH``, int64 (1,), says how many tokens these hold.

    Attributes:
        carried: By value of the whole graph, the input that stands for it.
        memories: By output of the whole graph that follows only from the sources, its name and dims.
    """

    model: ir.Model
    caches: tuple[CacheEntry, ...]
    carried: Mapping[ir.Value, ir.Value]
    memories: Mapping[ir.Value, ir.Value]


def step_decoder(anatomy: Anatomy) -> Decoder:
    """Write the step graph: one for a prompt, with nothing in its caches, and for every token after it.

    What reads the tokens is taken over node by node, only for the new tokens.

    Raises:
        CannotStep: An attention leaves no room for a cache, or another output than the
            logits follows from the tokens.
    """
    attentions = find_self_attentions(anatomy)
    draft = DecoderDraft(anatomy)
    length = ir.Value(name=LENGTH, type=ir.TensorType(ir.DataType.INT64), shape=ir.Shape([1]))
    lengths = _lengths(draft, length, attentions[0].past[0])
    own = Copies(draft, lengths.new)
    own.give(draft.whole_tokens, draft.tokens)
    rows = Rows(draft, Copies(draft, lengths.capacity, ".whole"), lengths)
    masks, slots = StepMasks(draft, rows), Slots(draft, lengths)
    with_cache = {attention.node: attention for attention in attentions}
    for node in anatomy.model.graph:
        if not any(map(anatomy.reads_tokens, node.outputs)):
            continue
        if node in with_cache:
            attend(draft, with_cache[node], own, masks, slots)
        else:
            inputs = [_operand(anatomy, node, i, own, rows) for i in range(len(node.inputs))]
            for old, new in zip(node.outputs, draft.clone(node, inputs), strict=True):
                new.shape = old.shape
                own.give(old, new)
    memories = {value: draft.memory(value) for value in _memories(anatomy)}
    draft.states += [pair for each in attentions for pair in zip(each.past, each.present, strict=True)]
    logits = own.of(anatomy.model.graph.outputs[0])
    model = draft.model([draft.tokens, length, *draft.carried.values()], [logits], "decoder")
    caches = tuple(CacheEntry(past.name or "", present.name or "") for past, present in draft.states)
    return Decoder(model, caches, draft.carried, memories)


def _memories(anatomy: Anatomy) -> tuple[ir.Value, ...]:
    _, *others = anatomy.model.graph.outputs
    for value in others:
        if not anatomy.by_source(value):
            raise CannotStep(
                f"output {value.name!r} depends on more than a source; a decoder has one such output, the "
                "first, (batch, sequence, vocabulary): leave it out"
            )
    return tuple(others)


def _lengths(draft: DecoderDraft, past: ir.Value, cache: ir.Value) -> Lengths:
    new = draft.size(draft.anatomy.roles.sequence)
    total = draft.op("Add", [past, new], name="total.size")
    capacity = draft.op("Shape", [cache], {"start": SLOT, "end": SLOT + 1}, name="capacity.size")
    return Lengths(past, new, total, capacity)


def _operand(anatomy: Anatomy, node: ir.Node, index: int, own: Copies, rows: Rows) -> ir.Value | None:
    value = node.inputs[index]
    if value is None:
        return None
    if anatomy.by_length(value) and (node.op_type, index) not in SHAPES:
        return rows.of(value, anatomy.grown_axes(value))
    return own.of(value)
