"""A sink: a score in addition to those of the keys, to which no value belongs.

Before: MatMul(Slice(Softmax(Concat(s, sink)), [..., :-1]), v)  s (B, H, S, T), sink (B|1, H, S|1, 1)
After:  Attention(q, Pad(k), Pad(v), Pad(m) + Pad(sink))        a key and a value of zeros behind the T others

Xiao et al. 2023, "Efficient Streaming Language Models with Attention Sinks"; GPT-OSS (OpenAI 2025). A key of
zeros has the score 0 under any scale and any cap, and the mask's last column makes it the sink's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import (
    Dims,
    axis_of,
    broadcast_dims,
    constant,
    dims,
    embed,
    operand,
    producer,
)
from edgeattn_export.graph.emit import described, emit_size


@dataclass(frozen=True, slots=True)
class Sunk:
    """What a softmax is taken of: ``scores`` of the keys and ``sink`` (..., 1), joined."""

    softmax: ir.Node
    scores: ir.Value
    sink: ir.Value


@dataclass(frozen=True, slots=True)
class KeysAndValues:
    """Those that belong to one another, and whether a sink stands behind them."""

    keys: ir.Value | None
    values: ir.Value | None
    sunk: bool

    @property
    def both(self) -> tuple[ir.Value | None, ir.Value | None]:
        """Keys and values."""
        return self.keys, self.values


def read_sink(kept: ir.Node) -> Sunk | None:
    """Read a Slice of a softmax that keeps all of it but the weight of a sink."""
    softmax = producer(kept.inputs[0], "Softmax")
    joined = producer(softmax.inputs[0], "Concat") if softmax is not None else None
    if softmax is None or joined is None or len(joined.inputs) != 2:
        return None
    last = len(dims(softmax.outputs[0])) - 1
    if last < 0 or not axis_of(softmax, -1) == axis_of(joined, 0) == last:
        return None
    for first, (scores, sink) in enumerate((joined.inputs, joined.inputs[::-1])):
        if scores is not None and sink is not None and dims(sink)[-1:] == (1,) and _keeps(kept, last, first):
            return Sunk(softmax, scores, _unexpanded(sink))
    return None


def with_sink_key(tape: Tape, value: ir.Value, axis: int) -> ir.Value:
    """Emit keys or values with a row of zeros behind their last along ``axis``."""
    rank = len(dims(value))
    pads = np.zeros(2 * rank, np.int64)
    pads[rank + axis] = 1
    padded = tape.op("Pad", [value, embed(tape, pads, f"sink.{axis}.of.{rank}")])
    return described(padded, value, _one_more(dims(value), axis))


def keys_and_values(attention: ir.Node) -> KeysAndValues:
    """Return those of an attention, without the rows of zeros for a sink."""
    both = attention.inputs[1], attention.inputs[2]
    keys, values = map(_without_sink_key, both)
    return (
        KeysAndValues(*both, False) if keys is None or values is None else KeysAndValues(keys, values, True)
    )


def _without_sink_key(value: ir.Value | None) -> ir.Value | None:
    """Return keys or values without the row of zeros behind their last; None where there is none."""
    pad = producer(value, "Pad")
    pads = constant(pad.inputs[1]) if pad is not None else None
    source = pad.inputs[0] if pad is not None else None
    if pad is None or pads is None or source is None or len(dims(source)) < 3:
        return None
    one_row = int(pads.sum()) == int(pads.max()) == int(pads[-2]) == 1 and not pads.min()
    return source if one_row and len(pad.inputs) == 2 else None


def sink_mask(tape: Tape, mask: ir.Value | None, sink: ir.Value, keys: ir.Value) -> ir.Value:
    """Emit the mask (..., S, T + 1) of transposed keys (..., D, T) and their sink."""
    rank, length = len(dims(sink)), dims(keys)[-1]
    at = rank - 1  # of twice as many paddings, how far the last axis begins
    if isinstance(length, int):
        pads = embed(tape, np.eye(1, 2 * rank, at, np.int64)[0] * length, f"{sink.name}.pads")
    else:
        size = emit_size(tape, keys, len(dims(keys)) - 1)
        zeros = [embed(tape, np.zeros(n, np.int64), f"{sink.name}.zeros.{n}") for n in (at, rank)]
        pads = tape.op("Concat", [zeros[0], size, zeros[1]], {"axis": 0})
    column = tape.op("Pad", [sink, pads])  # (..., S|1, T + 1): 0 but in the last
    column.dtype, column.shape = ir.DataType.FLOAT, ir.Shape([*dims(sink)[:-1], *_one_more((length,), 0)])
    if mask is None:
        return column
    widened = with_sink_key(tape, mask, len(dims(mask)) - 1)
    joint = tape.op("Add", [widened, column])
    joint.dtype, joint.shape = ir.DataType.FLOAT, ir.Shape(broadcast_dims(dims(widened), dims(column)))
    return joint


def parts_of_mask(mask: ir.Value | None) -> tuple[ir.Value | None, ir.Value] | None:
    """Return what a mask adds to the keys' scores, and its sink's own; None where it has no such column."""
    joint = producer(mask, "Add")
    sides = (None, mask) if joint is None else joint.inputs
    for plain, column in (sides, sides[::-1]):
        pad = producer(column, "Pad")
        sink = pad.inputs[0] if pad is not None else None
        if pad is None or sink is None or dims(sink)[-1:] != (1,):
            continue
        if _is_column(pad, len(dims(sink))):
            return plain, sink
    return None


def without_last(tape: Tape, weights: ir.Value) -> ir.Value:
    """Emit weights (..., T + 1) without the sink's."""
    bounds = (
        embed(tape, np.array([n], np.int64), f"sink.{name}") for name, n in (("first", 0), ("last", -1))
    )
    return tape.op("Slice", [weights, *bounds, embed(tape, np.array([-1], np.int64), "sink.axis")])


def _keeps(kept: ir.Node, last: int, first: int) -> bool:
    """Say whether a Slice keeps the last axis from ``first`` on, but for one."""
    starts, ends, axes, steps = (constant(operand(kept, i)) for i in range(1, 5))
    if starts is None or ends is None or starts.size != 1:
        return False
    axis = int(axes[0]) % (last + 1) if axes is not None else 0
    if axis != last or (steps is not None and int(steps[0]) != 1) or int(starts[0]) != first:
        return False
    whole = dims(kept.inputs[0])[-1]
    end = int(ends[0])
    if isinstance(whole, int):
        return min(end if end >= 0 else whole + end, whole) == whole - 1 + first
    return end == -1 if first == 0 else end >= np.iinfo(np.int32).max


def _is_column(pad: ir.Node, rank: int) -> bool:
    """Say whether a Pad puts zeros before the one number of the last axis, and nowhere else."""
    joined = producer(pad.inputs[1], "Concat")
    parts = joined.inputs if joined is not None else (None, pad.inputs[1], None)
    if len(pad.inputs) != 2 or len(parts) != 3:
        return False
    if joined is None:
        pads = constant(pad.inputs[1])
        return pads is not None and not np.delete(pads, rank - 1).any()
    before, after = constant(parts[0]), constant(parts[2])
    sizes = (rank - 1, rank)
    return all(
        zeros is not None and zeros.size == size and not zeros.any()
        for zeros, size in zip((before, after), sizes, strict=True)
    )


def _unexpanded(sink: ir.Value) -> ir.Value:
    """Return a sink before it was written out over the batch and the queries."""
    node = producer(sink, "Expand")
    source = node.inputs[0] if node is not None else None
    return source if source is not None and dims(source)[-1:] == (1,) else sink


def _one_more(sizes: Dims, axis: int) -> Dims:
    size = sizes[axis]
    more = size + 1 if isinstance(size, int) else size and f"{size} + 1"
    return (*sizes[:axis], more, *sizes[axis + 1 :])
