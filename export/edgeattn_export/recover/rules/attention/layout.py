"""Attention takes its inputs as the projections leave them, without transposes.

Before: Attention(Transpose(Reshape(x, (B, S, H, D)), (0, 2, 1, 3)), ..., m)   or otherwise rearranged
After:  Attention(x, ..., m, q_num_heads=H, kv_num_heads=H)        x (B, S|T, H*D), or a part of it

Whatever lay between, such as the query-key-value linear of a vision transformer seen as (B, S, 3, H, D) and
permuted, or the (S, B*H, D) of torch.nn.MultiheadAttention, is not computed any more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, embed, only_user, permutation
from edgeattn_export.graph.emit import described
from edgeattn_export.graph.rule import Emit, Refusal, Replaced, rule
from edgeattn_export.graph.views import Atom, View, earlier_views, regrouped, whole_view
from edgeattn_export.recover.rules.attention.outputs import gives_cache, in_place_of
from edgeattn_export.recover.rules.attention.sink import keys_and_values, with_sink_key

HEADS, SIZE = 1, 3  # axes of (B, H, S, D)
LENGTH = 1  # axis of (B, S, H*D)


@dataclass(frozen=True, slots=True)
class Side:
    """``value`` is (B, S, H*D) in the order ``perm``; of its last axis, part ``pick`` is meant."""

    value: ir.Value
    perm: tuple[int, int, int]
    pick: int
    parts: int
    width: int


@rule("attention layout", "Attention")
def attention_without_transposes(node: ir.Node) -> Emit | Refusal | None:
    """Match a 4-D attention between rearrangements of (batch, length, heads * size); refuse others.

    onnxruntime's kernel splits the heads of 3-D inputs without a copy of its own.
    """
    if "q_num_heads" in node.attributes or gives_cache(node):
        return None
    kept = keys_and_values(node)
    found = [_side(value) for value in (node.inputs[0], *kept.both)]
    sides = [side for side in found if side is not None]
    if len(sides) < 3:
        lost = [n for n, side in zip(("query", "keys", "values"), found, strict=True) if side is None]
        return Refusal(f"its {' and '.join(lost)} cannot be traced back to (batch, length, heads * size)")
    joined = _join(node.outputs[0])
    if joined is None:
        return Refusal("its output does not go back to heads * size by a transpose and a reshape")
    join, swapped = joined

    def emit(tape: Tape) -> Replaced:
        parts: dict[tuple[ir.Value, int], tuple[ir.Value, ...]] = {}
        inputs = [_emit(tape, side, parts) for side in sides]
        if kept.sunk:
            inputs[1:] = [with_sink_key(tape, value, LENGTH) for value in inputs[1:]]
        heads = {f"{side}_num_heads": dims(node.inputs[i])[HEADS] for i, side in enumerate(("q", "kv"))}
        attributes = {**node.attributes, **heads}
        output, weights = in_place_of(tape, node, [*inputs, *node.inputs[3:]], attributes)  # (B, S, H*D)
        if swapped:
            output = tape.op("Transpose", [output], {"perm": (1, 0, 2)})  # (S, B, H*D)
        whole = join.outputs[0]
        if swapped or len(dims(whole)) != 3:
            output = tape.op("Reshape", [output, join.inputs[1]], dict(join.attributes))
        return {whole: output, **weights}

    return emit


def _side(value: ir.Value | None) -> Side | None:
    start = None if value is None else whole_view(value)
    if start is None:
        return None
    batch, heads, length, size = (group[0] for group in start.groups)
    for view in earlier_views(start):
        side = _as_side(view, (batch, length), (heads, size))
        if side is not None:
            return side
    return None


def _as_side(view: View, outer: tuple[Atom, Atom], inner: tuple[Atom, Atom]) -> Side | None:
    if len(view.groups) != 3:
        return None
    places = {group[0]: axis for axis, group in enumerate(view.groups) if len(group) == 1}
    last = view.groups[2]
    picks = last[:-2]
    if last[-2:] != inner or not all(atom in places for atom in outer) or len(picks) > 1:
        return None
    width = int(inner[0].size * inner[1].size)
    pick, parts = (picks[0].pick or 0, int(picks[0].size)) if picks else (0, 1)
    return Side(view.value, (places[outer[0]], places[outer[1]], 2), pick, parts, width)


def _emit(tape: Tape, side: Side, parts: dict[tuple[ir.Value, int], tuple[ir.Value, ...]]) -> ir.Value:
    """Emit (B, S, H*D); the parts of one value are split once."""
    key = (side.value, side.width)
    if key not in parts:
        value = side.value
        outer = [dims(value)[axis] for axis in side.perm[:2]]  # B, S
        if side.perm != (0, 1, 2):
            value = tape.op("Transpose", [value], {"perm": side.perm})  # (B, S, parts * H*D)
            described(value, side.value, (*outer, side.parts * side.width))
        if side.parts == 1:
            parts[key] = (value,)
        else:
            sizes = embed(tape, np.full(side.parts, side.width, np.int64), f"{side.value.name}.sizes")
            split = tape.op_multi_out("Split", [value, sizes], {"axis": 2}, num_outputs=side.parts)
            parts[key] = tuple(described(part, value, (*outer, side.width)) for part in split)
    return parts[key][side.pick]


def _join(value: ir.Value) -> tuple[ir.Node, bool] | None:
    """Return the reshape that joins the heads of (B, H, S, D), and whether S comes before B there."""
    transpose = only_user(value)
    if transpose is None or transpose.op_type != "Transpose":
        return None
    reshape = only_user(transpose.outputs[0])
    start = whole_view(value)
    perm = permutation(transpose)
    if (
        reshape is None
        or reshape.op_type != "Reshape"
        or start is None
        or perm not in ((0, 2, 1, 3), (2, 0, 1, 3))
    ):
        return None
    groups = regrouped(tuple(start.groups[axis] for axis in perm), dims(reshape.outputs[0]))
    heads, size = start.groups[HEADS][0], start.groups[SIZE][0]
    joined = groups is not None and groups[-1] == (heads, size)
    return (reshape, perm == (2, 0, 1, 3)) if joined else None
