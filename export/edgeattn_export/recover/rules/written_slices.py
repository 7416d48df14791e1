"""What is added to a slice and written back is added to the whole: padded with zeros.

Before: Concat(x[:a], x[a:] + y)
After:  x + Pad(y, (a, 0))

Before: Concat(x[:a], x[a:])
After:  x

So MViT adds relative positions to the scores of patches, not to those of the class token (Li et al. 2022,
section 4.1), and pooled queries to the attention of patches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import axis_of, constant, dims, embed, producer, same_dim, sources

LAST = 2**31 - 1  # at least: the end of a slice that is given none


@dataclass(frozen=True, slots=True)
class Part:
    """``x`` from ``start`` to ``end`` of an axis, and what is added to it there."""

    x: ir.Value
    start: int
    end: int
    added: ir.Value | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The parts of one value in their order, put together again along ``axis``."""

    parts: tuple[Part, ...]
    axis: int
    output: ir.Value


class AddToWhole:
    """Adds to a value what is added to slices of it."""

    name = "written slices"
    roots = frozenset({"Concat"})

    def check(self, node: ir.Node) -> Match | None:
        """Match slices that make up their source, added to or not."""
        axis = axis_of(node, 0)
        parts = [_part(value, axis) for value in sources(node)]
        slices = tuple(part for part in parts if part is not None)
        whole = len(slices) == len(parts) and _are_whole(slices, axis)
        return Match(slices, axis, node.outputs[0]) if whole else None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the sums."""
        whole = x = match.parts[0].x
        for part in match.parts:
            if part.added is not None:
                whole = tape.op("Add", [whole, _padded(tape, part, part.added, match.axis)])
        return {match.output: tape.op("Identity", [x]) if whole is x else whole}


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


def _are_whole(parts: tuple[Part, ...], axis: int) -> bool:
    """Say whether parts are one value's, whole; of an unknown size, added to the last alone."""
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
    padded.type, padded.shape = added.type, ir.Shape([*sizes[:axis], size, *sizes[axis + 1 :]])
    return padded
