"""A mask that is gathered entry by entry, each from its own place, is taken as it is.

Before: GatherND(m, Concat(i, j))    m (B, T); of (B, 1, 1, T), i counts axis 0 up to B-1, and j axis 3 to T-1
After:  Unsqueeze(m, (1, 2))         (B, 1, 1, T)

So do transformers' masks: they ask m[batch, key] for counted batches and keys. Twelve operators are left out:
of 12 us that such a mask takes for 16 tokens on one core, 4; of 17 for 128, 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, producer, same_dim, scalar


@dataclass(frozen=True, slots=True)
class Match:
    """``output`` is ``x`` with ``axes`` of size 1 more."""

    x: ir.Value
    axes: tuple[int, ...]
    output: ir.Value


class TakeMask:
    """Takes a mask without its indices."""

    name = "gathered mask"
    roots = frozenset({"GatherND"})

    def check(self, node: ir.Node) -> Match | None:
        """Match indices that count each axis of x in full, along axes of the output in the same order."""
        x, indices = node.inputs
        joined = producer(indices, "Concat")
        if x is None or joined is None or node.attributes.get_int("batch_dims", 0) != 0:
            return None
        sizes, output = dims(x), dims(node.outputs[0])
        counted = [_counted(value, len(output)) for value in joined.inputs]
        axes = [count for count in counted if count is not None]
        if len(axes) != len(sizes) or len(counted) != len(sizes) or axes != sorted(set(axes)):
            return None
        whole = all(same_dim(size, output[axis]) for size, axis in zip(sizes, axes, strict=True))
        added = tuple(axis for axis in range(len(output)) if axis not in axes)
        ones = all(output[axis] == 1 for axis in added)
        return Match(x, added, node.outputs[0]) if whole and ones else None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the Unsqueeze."""
        axes = embed(tape, np.array(match.axes, np.int64), f"{match.output.name}.axes")
        return {match.output: tape.op("Unsqueeze", [match.x, axes])}


def _counted(value: ir.Value | None, rank: int) -> int | None:
    """Return the axis, of ``rank``, along which an index (..., 1) counts from 0, alike along all others."""
    lift = producer(value, "Unsqueeze")
    axes = constant(lift.inputs[1]) if lift else None
    if lift is None or axes is None or axes.size != 1 or int(axes.reshape(())) not in (-1, rank):
        return None
    from_last = _from_last(lift.inputs[0])
    return None if from_last is None else rank - 1 - from_last


def _from_last(value: ir.Value | None) -> int | None:
    """Return how many axes follow the one that counts."""
    node = producer(value, "Range", "Unsqueeze", "Expand", "Cast")
    if node is None:
        return None
    match node.op_type:
        case "Range":
            return 0 if (scalar(node.inputs[0]), scalar(node.inputs[2])) == (0.0, 1.0) else None
        case "Unsqueeze":
            inner, axes = _from_last(node.inputs[0]), constant(node.inputs[1])
            rank = len(dims(value))
            if inner is None or axes is None or not rank:
                return None
            added = {int(axis) % rank for axis in axes.reshape(-1)}
            own_axes = [axis for axis in range(rank) if axis not in added]
            return rank - 1 - own_axes[-1 - inner]
        case _:
            return _from_last(node.inputs[0])
