"""What is added to a slice and written back is added to the whole: padded with zeros.

Before: Concat(x[:a], x[a:] + y)
After:  x + Pad(y, (a, 0))

Before: Concat(x[:a], x[a:])
After:  x

So MViT adds relative positions to the scores of patches, not to those of the class token (Li et al. 2022,
section 4.1), and pooled queries to the attention of patches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import (
    axis_of,
    constant,
    dims,
    embed,
    producer,
    same_dim,
    sources,
)
from edgeattn_export.graph.emit import described
from edgeattn_export.graph.rule import Emit, Replaced, rule

LAST = 2**31 - 1  # at least: the end of a slice that is given none


@dataclass(frozen=True, slots=True)
class Part:
    """``x`` from ``start`` to ``end`` of an axis, and what is added to it there."""

    x: ir.Value
    start: int
    end: int
    added: ir.Value | None = None


@rule("written slices", "Concat")
def add_to_whole(node: ir.Node) -> Emit | None:
    """Match slices that make up their source, added to or not."""
    axis = axis_of(node, 0)
    slices = [_part(value, axis) for value in sources(node)]
    parts = [part for part in slices if part is not None]
    if len(slices) != len(parts) or not _are_whole(parts, axis):
        return None

    def emit(tape: Tape) -> Replaced:
        whole = x = parts[0].x
        for part in parts:
            if part.added is not None:
                whole = tape.op("Add", [whole, _padded(tape, part, part.added, axis)])
        return {node.outputs[0]: tape.op("Identity", [x]) if whole is x else whole}

    return emit


def _part(value: ir.Value, axis: int) -> Part | None:
    """Read a slice along an axis, or the sum of one and of what is as long."""
    add = producer(value, "Add")
    if add is None:
        return _slice(value, axis)
    left, right = sources(add)
    for side, added in ((left, right), (right, left)):
        part = _slice(side, axis)
        if part is not None and len(dims(added)) == len(dims(side)):
            return replace(part, added=added) if same_dim(dims(added)[axis], dims(side)[axis]) else None
    return None


def _slice(value: ir.Value, axis: int) -> Part | None:
    """Read a slice of known bounds along one axis, one step at a time."""
    same = producer(value, "Identity")  # what parts of a part were
    node = producer(value if same is None else same.inputs[0], "Slice")
    x, *bounds = sources(node) if node is not None else (value,)
    constants = [constant(bound) for bound in bounds]
    if len(constants) < 3 or any(bound is None or bound.size != 1 for bound in constants):
        return None
    start, end, along, *step = (int(bound.reshape(())) for bound in constants if bound is not None)
    fits = along % len(dims(value)) == axis and step in ([], [1]) and 0 <= start < end
    return Part(x, start, end) if fits else None


def _are_whole(parts: list[Part], axis: int) -> bool:
    """Say whether parts are one value's, whole; of an unknown size, added only to the last."""
    if not parts or any(part.x is not parts[0].x for part in parts):
        return False
    size = dims(parts[0].x)[axis]
    last = size if isinstance(size, int) else LAST
    ends = [0, *(part.end for part in parts)]
    return (
        [part.start for part in parts] == ends[:-1]
        and ends[-2] < last <= ends[-1]
        and (isinstance(size, int) or all(part.added is None for part in parts[:-1]))
    )


def _padded(tape: Tape, part: Part, added: ir.Value, axis: int) -> ir.Value:
    """Emit what is added to a part with zeros around it, as long as the whole."""
    size, sizes = dims(part.x)[axis], dims(added)
    after = max(size - part.end, 0) if isinstance(size, int) else 0
    pads = np.zeros((2, len(sizes)), np.int64)
    pads[:, axis] = part.start, after
    padded = tape.op("Pad", [added, embed(tape, pads.reshape(-1), f"{added.name}.pads")])
    return described(padded, added, (*sizes[:axis], size, *sizes[axis + 1 :]))
