"""What is computed for each time by itself, f(x)[t] = f(x[t]), wherever its axis goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir

from edgeattn_export.incremental.operator_axes import AXES
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.incremental.streaming.stream import Stream
from edgeattn_export.incremental.streaming.walk import StreamRule, Walk

ALL_TIME = "looks over all time at once: what a frame answers changes with later ones"
SUMMED = "sums over all time at once, outside an attention"
JOINED = {  # why an operator does not take time on an axis that it joins
    "Gather": "picks frames by their place in the whole, such as the last one",
    "Gemm": SUMMED,
    "MatMul": SUMMED,
    "Split": "splits time by how long the whole is",
}
SEVERAL = {"Concat": "joins values of several times"}  # why it does not take operands of several times
COMPARED = "compares every frame with every other, outside an attention"
PADDED = frozenset({"Transpose", "Unsqueeze"})  # which leave padding as it is


def carried(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take one whose operands have time on axes that become one axis of its outputs."""
    axes = AXES[node.op_type](node, walk)
    take = walk.stream if node.op_type in PADDED else walk.aligned
    streams = {i: take(value) for i, value in enumerate(node.inputs) if walk.grows(value)}
    places = {(axes[i][stream.axis], stream.rate) for i, stream in streams.items() if i < len(axes)}
    if any(axis is None for axis, _ in places):
        raise CannotStep(JOINED.get(node.op_type, ALL_TIME))
    if len(places) != 1:
        raise CannotStep(SEVERAL.get(node.op_type, COMPARED))
    ((axis, _),) = places
    values = [streams[i].value if i in streams else walk.operand(each) for i, each in enumerate(node.inputs)]
    first = next(iter(streams.values()))
    return [first.on(out, axis) for out in walk.draft.clone(node, values)]


def looked_up(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a lookup: of a table by what was heard, or of places on another axis than time."""
    table, places = node.inputs
    if walk.grows(places) and (walk.grows(table) or not walk.growth.reads(places)):
        rows = walk.sizes(table)[node.attributes.get_int("axis", 0)]
        raise CannotStep(
            f"looks positions up in a table of {rows.at(0) if rows is not None else 'so many'} rows, "
            "which a stream runs past"
        )
    return carried(walk, node)


def rotary(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a rotation by angles that are computed for each time."""
    if len(node.inputs) > 3 and node.inputs[3] is not None:
        raise CannotStep("looks its angles up in a table, which a stream runs past")
    return carried(walk, node)


def counted_up(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take positions: a Range continues where the previous hop ended."""
    start, delta = (walk.constant(node, i) for i in (0, 2))
    name, size = node.outputs[0].name, walk.sizes(node.outputs[0])[0]
    if start is None or delta is None or size is None:
        raise CannotStep("counts by no rule")
    draft, dtype = walk.draft, walk.growth.dtypes[name or ""]
    first = draft.constant((np.arange(size.rate) * delta + start).astype(start.dtype), f"{name}.first")
    before = draft.op("Cast", [draft.counted(size.rate)], {"to": dtype})
    step = draft.constant(np.array(delta, start.dtype).reshape(1), f"{name}.step")
    out = draft.op("Add", [draft.op("Mul", [before, step]), first], name=name)
    return [Stream(out, 0, size.rate, 0, size.rest)]


POINTWISE: Mapping[str, StreamRule] = {
    **dict.fromkeys(AXES, carried),
    "Gather": looked_up,
    "RotaryEmbedding": rotary,
    "Range": counted_up,
}
