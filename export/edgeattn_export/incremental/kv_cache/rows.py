"""The new tokens' part of what is by the length: rows past..total of position tables, masks and biases.

Before: f(length)                               for all tokens at once
After:  f(capacity)[past : past + length]       for the new ones, past + length <= capacity

The slice is taken as early as the operators allow, so that a step computes one row of a mask and not all of
it; where an operator does not allow it, the whole is computed and then cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.dataflow import axis_of, constant, permutation
from edgeattn_export.incremental.elementwise import ELEMENTWISE
from edgeattn_export.incremental.kv_cache.copies import Copies
from edgeattn_export.incremental.kv_cache.decoder_draft import DecoderDraft


@dataclass(frozen=True, slots=True)
class Lengths:
    """The tokens before a call, its new ones, both together, and those with room in the cache: int64 (1,)."""

    past: ir.Value
    new: ir.Value
    total: ir.Value
    capacity: ir.Value


class Rows:
    """The new tokens' rows of values by the length, each computed once."""

    def __init__(self, draft: DecoderDraft, whole: Copies, lengths: Lengths) -> None:
        self._draft = draft
        self._whole = whole
        self.lengths = lengths
        self._made: dict[tuple[ir.Value, int], ir.Value] = {}
        self._early: dict[str, Callable[[ir.Node, int], ir.Value | None]] = {
            **dict.fromkeys(ELEMENTWISE, self._elementwise),
            "ConstantOfShape": self._filled,
            "Concat": self._joined,
            "Expand": self._expanded,
            "Gather": self._looked_up,
            "GatherND": self._picked,
            "Pad": self._padded,
            "Slice": self._sliced,
            "Transpose": self._transposed,
            "Trilu": self._triangle,
            "Unsqueeze": self._unsqueezed,
        }

    def of(self, value: ir.Value, axes: tuple[int, ...]) -> ir.Value:
        """Return ``value`` for all tokens, cut to the new ones along ``axes``, along which it grows."""
        if not axes:
            return self._whole.of(value)
        rows = self._along(value, axes[0])
        for axis in axes[1:]:
            rows = self._cut(rows, axis, f"{value.name}.rows.{axis}")
        return rows

    def _along(self, value: ir.Value, axis: int) -> ir.Value:
        if (value, axis) not in self._made:
            node = value.producer()
            early = self._early.get(node.op_type) if node is not None and node.domain == "" else None
            rows = early(node, axis) if node is not None and early is not None else None
            if rows is None:
                rows = self._cut(self._whole.of(value), axis, f"{value.name}.rows.{axis}")
            self._made[value, axis] = rows
        return self._made[value, axis]

    def _cut(self, whole: ir.Value, axis: int, name: str) -> ir.Value:
        past, total = self.lengths.past, self.lengths.total
        return self._draft.op(
            "Slice",
            [whole, past, total, self._draft.constant(np.array([axis], np.int64), f"{name}.axis")],
            name=name,
        )

    def _rebuilt(self, node: ir.Node, inputs: list[ir.Value | None], axis: int) -> ir.Value:
        (rows,) = self._draft.clone(node, inputs, suffix=f".rows.{axis}")
        return rows

    def _input(self, value: ir.Value | None, axis: int) -> ir.Value | None:
        """Return an input's rows where it grows along ``axis``, else the whole of it."""
        if value is None:
            return None
        return (
            self._along(value, axis)
            if axis in self._draft.anatomy.grown_axes(value)
            else self._whole.of(value)
        )

    def _rank(self, value: ir.Value | None) -> int:
        return len(self._draft.anatomy.dims(value))

    def _elementwise(self, node: ir.Node, axis: int) -> ir.Value:
        from_end = axis - self._rank(node.outputs[0])
        inputs = [self._input(value, self._rank(value) + from_end) for value in node.inputs]
        return self._rebuilt(node, inputs, axis)

    def _filled(self, node: ir.Node, axis: int) -> ir.Value | None:
        sizes = node.inputs[0]
        return self._rebuilt(node, [self._resized(sizes, axis)], axis) if sizes is not None else None

    def _expanded(self, node: ir.Node, axis: int) -> ir.Value | None:
        value, sizes = node.inputs
        rank = self._rank(node.outputs[0])
        if value is None or sizes is None or self._draft.anatomy.dims(sizes) != (rank,):
            return None
        value_axis = axis - rank + self._rank(value)
        return self._rebuilt(node, [self._input(value, value_axis), self._resized(sizes, axis)], axis)

    def _resized(self, sizes: ir.Value, axis: int) -> ir.Value:
        """Return the dims that a node asks for, with the number of new tokens on ``axis``."""
        rank = self._draft.anatomy.dims(sizes)[0]
        name = f"{sizes.name}.rows.{axis}"
        here = self._draft.constant(np.arange(rank or 0) == axis, f"{name}.here")
        return self._draft.op("Where", [here, self.lengths.new, self._whole.of(sizes)], name=name)

    def _joined(self, node: ir.Node, axis: int) -> ir.Value | None:
        joint = node.attributes.get_int("axis", 0) % self._rank(node.outputs[0])
        return (
            None if joint == axis else self._rebuilt(node, [self._input(v, axis) for v in node.inputs], axis)
        )

    def _looked_up(self, node: ir.Node, axis: int) -> ir.Value | None:
        table, indices = node.inputs
        looked, rank = axis_of(node, 0), self._rank(indices)
        if not looked <= axis < looked + rank:
            return None
        return self._rebuilt(node, [self._whole_of(table), self._input(indices, axis - looked)], axis)

    def _picked(self, node: ir.Node, axis: int) -> ir.Value | None:
        table, places = node.inputs
        if node.attributes.get_int("batch_dims", 0) or axis >= self._rank(places) - 1:
            return None
        return self._rebuilt(node, [self._whole_of(table), self._input(places, axis)], axis)

    def _padded(self, node: ir.Node, axis: int) -> ir.Value | None:
        pads, rank = constant(node.inputs[1]), self._rank(node.outputs[0])
        if pads is None or pads.size != 2 * rank or pads[axis] or pads[rank + axis]:
            return None
        rest = map(self._whole_of, node.inputs[1:])
        return self._rebuilt(node, [self._input(node.inputs[0], axis), *rest], axis)

    def _sliced(self, node: ir.Node, axis: int) -> ir.Value | None:
        """Cut a table to the new rows at once, where it was cut to all of them: from 0, by 1."""
        starts, axes, steps = (constant(node.inputs[i]) if i < len(node.inputs) else None for i in (1, 3, 4))
        table, rank = node.inputs[0], self._rank(node.outputs[0])
        if table is None or starts is None or axes is None or axes.size != 1:
            return None
        if int(axes[0]) % rank != axis:
            return self._rebuilt(
                node, [self._along(table, axis), *map(self._whole_of, node.inputs[1:])], axis
            )
        from_first = int(starts[0]) == 0 and (steps is None or int(steps[0]) == 1)
        return (
            self._cut(self._whole.of(table), axis, f"{node.outputs[0].name}.rows.{axis}")
            if from_first
            else None
        )

    def _whole_of(self, value: ir.Value | None) -> ir.Value | None:
        return None if value is None else self._whole.of(value)

    def _transposed(self, node: ir.Node, axis: int) -> ir.Value:
        return self._rebuilt(node, [self._input(node.inputs[0], permutation(node)[axis])], axis)

    def _triangle(self, node: ir.Node, axis: int) -> ir.Value | None:
        """Move the diagonal: row i of the cut is row past + i of the whole."""
        square = node.inputs[0]
        if axis != self._rank(square) - 2:
            return None
        diagonal = self._draft.op("Squeeze", [self.lengths.past], name=f"{node.outputs[0].name}.past")
        if len(node.inputs) > 1 and node.inputs[1] is not None:
            offset = self._whole.of(node.inputs[1])
            diagonal = self._draft.op("Add", [offset, diagonal], name=f"{node.outputs[0].name}.diagonal")
        return self._rebuilt(node, [self._input(square, axis), diagonal], axis)

    def _unsqueezed(self, node: ir.Node, axis: int) -> ir.Value | None:
        added = constant(node.inputs[1])
        if added is None:
            return None
        rank = self._rank(node.outputs[0])
        before = sum(int(new) % rank < axis for new in added)
        return self._rebuilt(
            node, [self._input(node.inputs[0], axis - before), self._whole_of(node.inputs[1])], axis
        )
