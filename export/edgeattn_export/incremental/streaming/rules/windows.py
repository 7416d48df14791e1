"""What reads a window of times, and keeps the last values that it has read; and sums, which keep themselves.

Convolutions and pools:

Before: y[t] = sum of w[k] x[S t - L + k], k < K     L values of padding before the first
After:  the same over past, x with past the last L values of x; there must be as many as no y looks ahead for

So L = K - S is causal: a call of S values gives one answer, and none comes late.

Running sums:

Before: y[t] = sum of x[i], i <= t
After:  y = CumSum(x) + past, present = past + sum(x)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.incremental.streaming.rules.pointwise import ALL_TIME
from edgeattn_export.incremental.streaming.stream import Stream, sizes_of
from edgeattn_export.incremental.streaming.walk import StreamRule, Walk


@dataclass(frozen=True, slots=True)
class Window:
    """What an answer reads: so many values at once, so many further each time, with its own padding."""

    size: int
    stride: int
    left: int
    right: int


def windowed(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a convolution or a pool over time."""
    before = node.inputs[0]
    stream, rank = walk.stream(before), walk.rank(before)
    if any(map(walk.grows, node.inputs[1:])):
        raise CannotStep("has weights that follow from what it is given")
    weights = [walk.operand(value) for value in node.inputs[1:]]
    if stream.axis == 0:
        (out,) = walk.draft.clone(node, [walk.aligned(before).value, *weights])
        return [walk.aligned(before).on(out)]
    if stream.axis == 1:
        raise CannotStep("sums over all time at once: time is its channels")
    window, own = _window(walk, node, stream.axis - 2, rank - 2)
    stream = stream.padded(window.left, window.right, 0.0)
    if node.op_type != "Conv" and (window.left or window.right):
        raise CannotStep("pads time by itself; pad its input on the left, by a number")
    ahead = window.size - window.stride - stream.left
    if ahead > 0:
        raise CannotStep(_why_ahead(stream, window, ahead))
    value = walk.draft.window(stream, stream.left)
    if ahead < 0:
        value = walk.draft.cut(value, stream.axis, 0, stream.rate + window.size - window.stride)
    (out,) = walk.draft.clone(node, [value, *weights], own)
    right = (stream.left + stream.right - window.size) // window.stride + 1
    return [Stream(out, stream.axis, stream.rate // window.stride, 0, right)]


def _why_ahead(stream: Stream, window: Window, ahead: int) -> str:
    needed = window.size - window.stride
    if stream.right > 0:
        return (
            f"looks {ahead} values ahead: its window of {window.size} is padded by {max(stream.left, 0)} "
            f"before the first and {stream.right} behind the last; {needed} and 0 expected"
        )
    return (
        f"first answers after {window.size} values, {ahead} later than a stream that answers every hop: pad "
        f"{needed} before the first"
    )


def _window(
    walk: Walk, node: ir.Node, place: int, spatial: int
) -> tuple[Window, Mapping[str, Sequence[int]]]:
    """Return the window along a spatial axis, and the node's attributes without padding there."""

    def numbers(name: str, default: Sequence[int]) -> list[int]:
        given = node.attributes.get(name)
        return list(default if given is None else given.as_ints())

    ceiled = node.attributes.get_int("ceil_mode", 0)
    if ceiled or node.attributes.get_string("auto_pad", "NOTSET") != "NOTSET":
        raise CannotStep("pads by a rule of its own; numbers expected")
    kernel = [size.rest for size in walk.sizes(node.inputs[1])[2:] if size] if node.op_type == "Conv" else []
    kernel = numbers("kernel_shape", kernel)
    strides, dilations = numbers("strides", [1] * spatial), numbers("dilations", [1] * spatial)
    pads = numbers("pads", [0] * 2 * spatial)
    window = Window(
        (kernel[place] - 1) * dilations[place] + 1, strides[place], pads[place], pads[place + spatial]
    )
    pads[place] = pads[place + spatial] = 0
    return window, {"pads": pads}


def summed(walk: Walk, node: ir.Node) -> Sequence[Stream]:
    """Take a CumSum."""
    stream, axis = walk.aligned(node.inputs[0]), walk.constant(node, 1)
    if axis is None or int(axis.flat[0]) % walk.rank(node.inputs[0]) != stream.axis:
        (out,) = walk.draft.clone(node, [stream.value, walk.operand(node.inputs[1])])
        return [stream.on(out)]
    if node.attributes.get_int("reverse", 0):
        raise CannotStep(ALL_TIME)
    draft, dtype = walk.draft, walk.growth.dtypes[node.outputs[0].name or ""]
    dims = sizes_of(stream.value)
    dims[stream.axis] = 1
    past = draft.past(dims, dtype)
    (own,) = draft.clone(node, [stream.value, walk.operand(node.inputs[1])])
    own.name = None
    out = draft.op("Add", [own, past], name=node.outputs[0].name)
    total = draft.op("ReduceSum", [stream.value, draft.number(stream.axis)])
    draft.keep(past, draft.op("Add", [past, total]))
    return [stream.on(out)]


WINDOWS: Mapping[str, StreamRule] = {
    **dict.fromkeys(("Conv", "MaxPool", "AveragePool", "LpPool"), windowed),
    "CumSum": summed,
}
