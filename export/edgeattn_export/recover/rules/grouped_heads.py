"""Key and value heads that several query heads share are not copied for each of them.

Before: Attention(q, Reshape(Expand(Unsqueeze(k, 2)), (B, H, T, D)), ...)
After:  Attention(q, k, v)                          q (B, H, S, D); k, v (B, H/g, T, D)

Grouped-query attention, Ainslie et al. 2023, section 2; with one head in all, Shazeer 2019, section 3. The
repeat may be an expansion, a tiling or a concatenation with itself, before or after the heads' transpose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import axis_of, dims, permutation, producer, same_dims
from edgeattn_export.graph.emit import transposed
from edgeattn_export.graph.rule import Emit, Refusal, Replaced, rule
from edgeattn_export.recover.rules.attention.outputs import in_place_of
from edgeattn_export.recover.rules.attention.sink import keys_and_values, with_sink_key

HEADS, LENGTH = 1, 2  # axes of (B, H, T, D)


@dataclass(frozen=True, slots=True)
class Repeat:
    """``source`` with each head ``times`` times in a row; then transposed by ``perm``, if any."""

    source: ir.Value
    times: int
    perm: tuple[int, ...] | None = None


@rule("grouped heads", "Attention")
def share_heads(node: ir.Node) -> Emit | Refusal | None:
    """Match repeated keys and values of four axes; refuse where they are repeated unlike one another."""
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

    def emit(tape: Tape) -> Replaced:
        shared = [
            repeat.source if repeat.perm is None else transposed(tape, repeat.source, repeat.perm)
            for repeat in (keys, values)
        ]  # (B, H/g, T, D)
        if kept.sunk:
            shared = [with_sink_key(tape, value, LENGTH) for value in shared]
        inputs = [node.inputs[0], *shared, *node.inputs[3:]]
        output, weights = in_place_of(tape, node, inputs, node.attributes)
        return {node.outputs[0]: output, **weights}

    return emit


def _repeat(value: ir.Value | None) -> Repeat | None:
    if value is None:
        return None
    repeat = _repeated(value, HEADS)
    if repeat is not None:
        return repeat
    transpose = producer(value, "Transpose")
    if transpose is None or transpose.inputs[0] is None:
        return None
    perm = permutation(transpose)
    repeat = _repeated(transpose.inputs[0], perm[HEADS])
    return repeat and replace(repeat, perm=perm)


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
