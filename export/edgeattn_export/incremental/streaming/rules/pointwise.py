"""What is computed for each time by itself: f(x)[t] = f(x[t])."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir

from edgeattn_export.incremental.elementwise import ELEMENTWISE
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.incremental.streaming.stream import Stream
from edgeattn_export.incremental.streaming.walk import StreamRule, Walk

ACTIVATIONS = frozenset(
    {
        "Celu",
        "Elu",
        "Erf",
        "Gelu",
        "HardSigmoid",
        "HardSwish",
        "LeakyRelu",
        "Mish",
        "PRelu",
        "Selu",
        "Softplus",
    }
    | {"Softsign", "Swish", "ThresholdedRelu", "Sinh", "Cosh", "Tan", "Atan", "IsNaN", "IsInf"}
)
NORMS = frozenset({"LayerNormalization", "RMSNormalization", "Softmax", "LogSoftmax", "Hardmax"})
REDUCTIONS = frozenset(
    f"Reduce{name}"
    for name in ("Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp")
)
ALL_TIME = "looks over all time at once: what a frame answers changes with later ones"


def elementwise(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take one that broadcasts its operands."""
    streams = {value: walk.aligned(value) for value in node.inputs if walk.grows(value)}
    from_end = {stream.axis - walk.rank(value) for value, stream in streams.items()}
    rates = {stream.rate for stream in streams.values()}
    if len(from_end) != 1 or len(rates) != 1:
        raise CannotStep("compares every frame with every other, outside an attention")
    (out,) = walk.draft.clone(node, [walk.operand(value) for value in node.inputs])
    return [Stream(out, from_end.pop() + walk.rank(node.outputs[0]), rates.pop())]


def along_axes(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take one that joins the values of an axis, or of all behind it: another than time."""
    stream, *others = node.inputs
    its = walk.aligned(stream)
    axis = node.attributes.get_int("axis", -1) % walk.rank(stream)
    axes = range(axis, walk.rank(stream)) if node.op_type.endswith("Normalization") else (axis,)
    _check_not_time(its.axis, axes)
    out, *rest = walk.draft.clone(node, [its.value, *map(walk.operand, others)])
    return [its.on(out), *map(its.on, rest)]


def reduced(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a sum, mean or the like over axes without time."""
    stream, rank = walk.aligned(node.inputs[0]), walk.rank(node.inputs[0])
    given = walk.constant(node, 1)
    axes = [int(axis) % rank for axis in ([] if given is None else given.ravel())] or list(range(rank))
    _check_not_time(stream.axis, axes)
    (out,) = walk.draft.clone(node, [stream.value, *map(walk.operand, node.inputs[1:])])
    kept = node.attributes.get_int("keepdims", 1)
    return [stream.on(out, stream.axis - (0 if kept else sum(axis < stream.axis for axis in axes)))]


def picked(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take the largest or the smallest of an axis other than time."""
    stream = walk.aligned(node.inputs[0])
    axis = node.attributes.get_int("axis", 0 if node.op_type.startswith("Arg") else -1) % walk.rank(
        node.inputs[0]
    )
    _check_not_time(stream.axis, (axis,))
    outs = walk.draft.clone(node, [stream.value, *map(walk.operand, node.inputs[1:])])
    dropped = node.op_type.startswith("Arg") and not node.attributes.get_int("keepdims", 1)
    return [stream.on(out, stream.axis - (1 if dropped and axis < stream.axis else 0)) for out in outs]


def channel_norm(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a norm of each channel: by its own scale and shift, or over all that lies behind it but time."""
    stream, rank = walk.aligned(node.inputs[0]), walk.rank(node.inputs[0])
    _check_not_time(stream.axis, range(1, 2 if node.op_type == "BatchNormalization" else rank))
    (out,) = walk.draft.clone(node, [stream.value, *map(walk.operand, node.inputs[1:])])
    return [stream.on(out)]


def product(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a product of matrices that sums over another axis than time."""
    left, right = node.inputs
    rank = walk.rank(node.outputs[0])
    places: set[tuple[int, int]] = set()
    for value, summed in ((left, -1), (right, -2)):
        if walk.grows(value):
            stream = walk.aligned(value)
            from_end = stream.axis - walk.rank(value)
            if from_end == summed or walk.rank(value) == 1:
                raise CannotStep("sums over all time at once, outside an attention")
            places.add((from_end, stream.rate))
    if len(places) != 1 or (walk.grows(left) and walk.grows(right) and next(iter(places))[0] > -3):
        raise CannotStep("compares every frame with every other, outside an attention")
    ((from_end, rate),) = places
    (out,) = walk.draft.clone(node, [walk.operand(left), walk.operand(right)])
    return [Stream(out, from_end + rank + (walk.rank(right) == 1), rate)]


def gemm(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a layer whose rows are times."""
    stream = walk.aligned(node.inputs[0])
    if (
        stream.axis != 0
        or bool(node.attributes.get_int("transA", 0))
        or any(map(walk.grows, node.inputs[1:]))
    ):
        raise CannotStep("sums over all time at once, outside an attention")
    (out,) = walk.draft.clone(node, [stream.value, *map(walk.operand, node.inputs[1:])])
    return [stream.on(out)]


def looked_up(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a lookup: of a table by what was heard, or of places on another axis than time."""
    table, places = node.inputs
    if walk.grows(places):
        if walk.grows(table) or places is None or not walk.growth.reads(places):
            rows = walk.sizes(table)[node.attributes.get_int("axis", 0)]
            raise CannotStep(
                f"looks positions up in a table of {rows.at(0) if rows is not None else 'so many'} rows, "
                "which a stream runs past"
            )
        stream = walk.aligned(places)
        axis = node.attributes.get_int("axis", 0) % walk.rank(table)
        (out,) = walk.draft.clone(node, [walk.operand(table), stream.value])
        return [stream.on(out, axis + stream.axis)]
    stream = walk.aligned(table)
    axis = node.attributes.get_int("axis", 0) % walk.rank(table)
    if axis == stream.axis:
        raise CannotStep("picks frames by their place in the whole, such as the last one")
    (out,) = walk.draft.clone(node, [stream.value, walk.operand(places)])
    return [stream.on(out, stream.axis + (walk.rank(places) - 1 if axis < stream.axis else 0))]


def rotary(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a rotation by angles that are computed for each time."""
    stream = walk.aligned(node.inputs[0])
    if len(node.inputs) > 3 and node.inputs[3] is not None:
        raise CannotStep("looks its angles up in a table, which a stream runs past")
    (out,) = walk.draft.clone(node, [stream.value, *map(walk.operand, node.inputs[1:])])
    return [stream.on(out)]


def counted_up(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take positions: a Range goes on where the hop before has ended."""
    start, delta = (walk.constant(node, i) for i in (0, 2))
    size = walk.sizes(node.outputs[0])[0]
    if start is None or delta is None or size is None:
        raise CannotStep("counts by no rule")
    number, draft, dtype = start.dtype, walk.draft, walk.growth.dtypes[node.outputs[0].name or ""]
    first = draft.constant(
        (np.arange(size.rate) * delta + start).astype(number), f"{node.outputs[0].name}.first"
    )
    before = draft.op("Cast", [draft.counted(size.rate)], {"to": dtype})
    steps = draft.op(
        "Mul", [before, draft.constant(np.array(delta, number).reshape(1), f"{node.outputs[0].name}.step")]
    )
    out = draft.op("Add", [steps, first])
    out.name = node.outputs[0].name
    return [Stream(out, 0, size.rate, 0, size.rest)]


def _check_not_time(time: int, axes: Sequence[int] | range) -> None:
    if time in axes:
        raise CannotStep(ALL_TIME)


POINTWISE: Mapping[str, StreamRule] = {
    **dict.fromkeys(ELEMENTWISE | ACTIVATIONS, elementwise),
    **dict.fromkeys(NORMS, along_axes),
    **dict.fromkeys(REDUCTIONS, reduced),
    **dict.fromkeys(("ArgMax", "ArgMin", "TopK"), picked),
    **dict.fromkeys(("BatchNormalization", "InstanceNormalization", "GroupNormalization"), channel_norm),
    "MatMul": product,
    "Gemm": gemm,
    "Gather": looked_up,
    "RotaryEmbedding": rotary,
    "Range": counted_up,
}
