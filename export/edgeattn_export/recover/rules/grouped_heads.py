"""Key and value heads that several query heads share are not copied for each of them.

Before: Attention(q, Reshape(Expand(Unsqueeze(k, 2)), (B, H, T, D)), ...)
After:  Attention(q, k, v)                          q (B, H, S, D); k, v (B, H/g, T, D)

Grouped-query attention, Ainslie et al. 2023, section 2; with one head in all, Shazeer 2019, section 3. The
repeat may be an expansion, a tiling or a concatenation with itself, before or after the heads' transpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import axis_of, dims, permutation, producer, same_dims
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.recover.rules.attention.outputs import in_place_of
from edgeattn_export.recover.rules.attention.sink import keys_and_values, with_sink_key

HEADS, LENGTH = 1, 2  # axes of (B, H, T, D)


@dataclass(frozen=True, slots=True)
class Repeat:
    """``source`` with each head ``times`` times in a row; then ``transpose``, where one follows."""

    source: ir.Value
    times: int
    transpose: ir.Node | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A 4-D attention, and what its keys and values repeat, before a row of zeros for a sink."""

    attention: ir.Node
    keys: Repeat
    values: Repeat
    sunk: bool


class ShareHeads:
    """Hands an Attention its key and value heads as few as they are."""

    name = "grouped heads"
    roots = frozenset({"Attention"})

    def check(self, node: ir.Node) -> Match | Refusal | None:
        """Match repeated keys and values; refuse where they are repeated unlike one another."""
        if "q_num_heads" in node.attributes:
            return None
        kept = keys_and_values(node)
        keys, values = map(_repeat, kept.both)
        if keys is None and values is None:
            return None
        if keys is None or values is None or keys.times != values.times:
            times = [1 if repeat is None else repeat.times for repeat in (keys, values)]
            return Refusal(
                f"its keys' heads are repeated {times[0]} times and its values' {times[1]} times; the "
                "operator shares both alike"
            )
        return Match(node, keys, values, kept.sunk)

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the attention on the heads as they were before."""
        old = match.attention
        shared = [_heads(tape, repeat) for repeat in (match.keys, match.values)]
        if match.sunk:
            shared = [with_sink_key(tape, value, LENGTH) for value in shared]
        inputs = [old.inputs[0], *shared, *old.inputs[3:]]
        output, weights = in_place_of(tape, old, inputs, old.attributes)
        return {old.outputs[0]: output, **weights}


def _heads(tape: Tape, repeat: Repeat) -> ir.Value:
    """Return the unrepeated keys or values as (B, H/g, T, D)."""
    if repeat.transpose is None:
        return repeat.source
    perm = permutation(repeat.transpose)
    heads = tape.op("Transpose", [repeat.source], {"perm": perm})  # (B, H/g, T, D)
    heads.shape = ir.Shape([(repeat.source.shape or ())[axis] for axis in perm])
    heads.type = repeat.source.type
    return heads


def _repeat(value: ir.Value | None) -> Repeat | None:
    if value is None:
        return None
    repeat = _repeated(value, HEADS)
    if repeat is not None:
        return repeat
    transpose = producer(value, "Transpose")
    if transpose is None or transpose.inputs[0] is None:
        return None
    repeat = _repeated(transpose.inputs[0], permutation(transpose)[HEADS])
    return repeat and Repeat(repeat.source, repeat.times, transpose)


def _repeated(value: ir.Value, axis: int) -> Repeat | None:
    """Read a repeat along ``axis``: of one head as it is, of several by way of an axis behind it."""
    merge = producer(value, "Reshape")
    if merge is None:
        return _copied(value, axis)
    copied = _copied(merge.inputs[0], axis + 1)  # of (..., H/g, 1, ...)
    if copied is None:
        return None
    lift = producer(copied.source, "Unsqueeze", "Reshape")
    source = lift.inputs[0] if lift is not None else None
    single, heads = dims(copied.source), dims(source)
    count = heads[axis] if axis < len(heads) else None
    if (
        source is None
        or not isinstance(count, int)
        or not same_dims(single, (*heads[: axis + 1], 1, *heads[axis + 1 :]))
    ):
        return None
    merged = (*heads[:axis], count * copied.times, *heads[axis + 1 :])
    return Repeat(source, copied.times) if same_dims(dims(value), merged) else None


def _copied(value: ir.Value | None, axis: int) -> Repeat | None:
    """Read copies side by side on an axis where the source has size 1."""
    node = producer(value, "Expand", "Tile", "Concat")
    if node is None or node.inputs[0] is None:
        return None
    if node.op_type == "Concat" and (axis_of(node, 0) != axis or len(set(node.inputs)) > 1):
        return None
    source, whole = dims(node.inputs[0]), dims(value)
    times = whole[axis] if axis < len(whole) else None
    single = (*whole[:axis], 1, *whole[axis + 1 :])
    if not isinstance(times, int) or times == 1 or not same_dims(source, single):
        return None
    return Repeat(node.inputs[0], times)
