"""What lays values out otherwise, and keeps time in its order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
import onnx_ir as ir

from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.incremental.streaming.rules.pointwise import carried
from edgeattn_export.incremental.streaming.stream import Stream
from edgeattn_export.incremental.streaming.walk import StreamRule, Walk


def squeezed(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take fewer axes of size 1, and time never, though a hop may have one value of it."""
    stream, rank = walk.stream(node.inputs[0]), walk.rank(node.inputs[0])
    given = walk.constant(node, 1)
    ones = [
        axis
        for axis, size in enumerate(walk.sizes(node.inputs[0]))
        if size and not size.rate and size.rest == 1
    ]
    axes = ones if given is None else [int(axis) % rank for axis in given.ravel()]
    (out,) = walk.draft.clone(node, [stream.value, walk.draft.number(*axes)])
    return [stream.on(out, stream.axis - sum(axis < stream.axis for axis in axes))]


def reshaped(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take other axes, where what stands before time stays before it."""
    before, after = node.inputs[0], node.outputs[0]
    stream, sizes = walk.stream(before), walk.sizes(after)
    grown = walk.growth.grown_axes(after)
    time = sizes[grown[0]] if len(grown) == 1 else None
    if time is None or time.rate < 1:
        raise CannotStep("folds time into other axes, or into several")
    shorter = [size.rest for size in walk.sizes(before)[: stream.axis] if size is not None]
    if prod(shorter) != prod(size.rest for size in sizes[: grown[0]] if size is not None):
        raise CannotStep("folds time into an axis before it")
    if time.rate != stream.rate:
        stream = walk.aligned(before)
    dims = [time.rate if axis in grown else size.rest for axis, size in enumerate(sizes) if size is not None]
    out = walk.draft.clone(node, [stream.value, walk.draft.number(*dims)], {"allowzero": 0})[0]
    return [Stream(out, grown[0], time.rate, stream.left, stream.right, stream.fill)]


def expanded(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take more of the same along other axes than time, or a constant along time."""
    value, result = node.inputs[0], node.outputs[0]
    grown, sizes = walk.growth.grown_axes(result), walk.sizes(result)
    size = sizes[grown[0]] if len(grown) == 1 else None
    if size is None:
        raise CannotStep("repeats frames, or grows along several axes")
    dims = [each.rate if axis in grown else each.rest for axis, each in enumerate(sizes) if each is not None]
    inputs = [walk.operand(value)] if node.op_type == "Expand" else []
    (out,) = walk.draft.clone(node, [*inputs, walk.draft.number(*dims)])
    return [Stream(out, grown[0], size.rate, 0, size.rest)]


def joined(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Join other axes than time; along it, put one number before the first frame, or behind the last."""
    axis = node.attributes.get_int("axis", 0) % walk.rank(node.outputs[0])
    moving = [i for i, value in enumerate(node.inputs) if walk.grows(value)]
    if all(walk.stream(node.inputs[i]).axis != axis for i in moving):
        return carried(walk, node)
    if len(moving) != 1:
        raise CannotStep("puts one sequence behind another")
    stream = walk.stream(node.inputs[moving[0]])
    for i, value in enumerate(node.inputs):
        if i != moving[0]:
            put = walk.constant(node, i)
            if value is None or put is None or (put.size and put.min() != put.max()):
                raise CannotStep("joins values of its own to the frames; one number throughout expected")
            size, fill = put.shape[axis], float(put.flat[0]) if put.size else 0.0
            stream = stream.padded(size, 0, fill) if i < moving[0] else stream.padded(0, size, fill)
    return [_renamed(walk, node, stream)]


def padded(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Pad: along time this is kept in mind until a window reads it."""
    stream, rank = walk.stream(node.inputs[0]), walk.rank(node.inputs[0])
    pads, fill, given = (walk.constant(node, i) for i in (1, 2, 3))
    if pads is None:
        raise CannotStep("pads by no number")
    axes = [int(axis) % rank for axis in (range(rank) if given is None else given.ravel())]
    numbers = dict(zip(axes, pads.reshape(2, -1).T.tolist(), strict=True))
    left, right = numbers.pop(stream.axis, (0, 0))
    if (left > 0 or right > 0) and node.attributes.get_string("mode", "constant") != "constant":
        raise CannotStep("pads time with frames of its own, which come later or before the first")
    if any(map(any, numbers.values())):
        begins, ends = zip(*numbers.values(), strict=True)
        value = walk.operand(node.inputs[2]) if len(node.inputs) > 2 else None
        operands = [walk.draft.number(*begins, *ends), value, walk.draft.number(*numbers)]
        (out,) = walk.draft.clone(node, [stream.value, *operands])
        stream = stream.on(out)
    else:
        stream = _renamed(walk, node, stream)
    return [stream.padded(left, right, 0.0 if fill is None or not fill.size else float(fill.flat[0]))]


def sliced(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Cut: along time this takes padding off, or delays."""
    stream, rank = walk.stream(node.inputs[0]), walk.rank(node.inputs[0])
    starts, ends = walk.counted(node, 1), walk.counted(node, 2)
    axes, steps = walk.constant(node, 3), walk.constant(node, 4)
    if starts is None or ends is None:
        raise CannotStep("cuts by no number")
    where = list(range(starts[0].size)) if axes is None else [int(axis) % rank for axis in axes.ravel()]
    step = [1] * len(where) if steps is None else [int(each) for each in steps.ravel()]
    if stream.axis not in where:
        (out,) = walk.draft.clone(node, [stream.value, *map(walk.operand, node.inputs[1:])])
        return [stream.on(out)]
    place = where.index(stream.axis)
    if step[place] != 1:
        raise CannotStep("takes every other frame; a stride of a convolution expected")
    cuts = set()
    for hops, start, end in zip(walk.growth.hops, starts, ends, strict=True):
        size = stream.rate * hops + stream.left + stream.right
        first, last, _ = slice(int(start.flat[place]), int(end.flat[place])).indices(size)
        cuts.add((first, size - last))
    if len(cuts) != 1:
        raise CannotStep("takes frames by their place in the whole, such as the last one")
    ((first, behind),) = cuts
    others = np.delete([starts[0].ravel(), ends[0].ravel(), where, step], place, axis=1).tolist()
    if any(others):
        (out,) = walk.draft.clone(node, [stream.value, *(walk.draft.number(*each) for each in others)])
        stream = stream.on(out)
    else:
        stream = _renamed(walk, node, stream)
    return [stream.padded(-first, -behind, 0.0)]


def _renamed(walk: Walk, node: ir.Node, stream: Stream) -> Stream:
    """Return the same values as another node's, which changes nothing of a hop."""
    return stream.on(walk.draft.op("Identity", [stream.value], name=node.outputs[0].name))


VIEWS: Mapping[str, StreamRule] = {
    "Squeeze": squeezed,
    "Reshape": reshaped,
    "Expand": expanded,
    "ConstantOfShape": expanded,
    "Concat": joined,
    "Pad": padded,
    "Slice": sliced,
}
