"""The new tokens' part of what is by the length: rows past..total of position tables, masks and biases.

Before: f(length)                               for all tokens at once
After:  f(capacity)[past : past + length]       for the new ones, past + length <= capacity

The slice is taken as early as the operators allow, so that a step computes one row of a mask and not all of
it; where an operator does not allow it, the whole is computed and then cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph import dataflow
from edgeattn_export.incremental.kv_cache.decoder_draft import Copies, DecoderDraft
from edgeattn_export.incremental.operator_axes import AXES, ELEMENTWISE

CARRIED = ELEMENTWISE | {"Concat", "Gather", "Pad", "Transpose", "Unsqueeze"}  # by whose axes it is cut


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
            **dict.fromkeys(CARRIED, self._carried),
            "ConstantOfShape": self._filled,
            "Expand": self._expanded,
            "GatherND": self._picked,
            "Slice": self._sliced,
            "Trilu": self._triangle,
        }

    def of(self, value: ir.Value, axes: tuple[int, ...]) -> ir.Value:
        """Return ``value`` for all tokens, cut to the new ones along ``axes``, along which it grows."""
        if not axes:
            return self._whole.of(value)
        rows = self._along(value, axes[0])
        for axis in axes[1:]:
            rows = self._cut(rows, axis, f"{value.name}.rows.{axis}")
        return rows

    def rank(self, value: ir.Value | None) -> int:
        """Return how many axes a value of the whole graph has."""
        return len(self._draft.anatomy.dims(value))

    def constant(self, node: ir.Node, index: int) -> NDArray[np.generic] | None:
        """Return an operand's value where it is constant."""
        return dataflow.constant(node.inputs[index]) if index < len(node.inputs) else None

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
        axes = self._draft.constant(np.array([axis], np.int64), f"{name}.axis")
        return self._draft.op("Slice", [whole, self.lengths.past, self.lengths.total, axes], name=name)

    def _rebuilt(self, node: ir.Node, inputs: list[ir.Value | None], axis: int) -> ir.Value:
        (rows,) = self._draft.clone(node, inputs, suffix=f".rows.{axis}")
        return rows

    def _input(self, value: ir.Value | None, axis: int) -> ir.Value | None:
        """Return an input's rows where it grows along ``axis``, else the whole of it."""
        if value is None:
            return None
        grows = axis in self._draft.anatomy.grown_axes(value)
        return self._along(value, axis) if grows else self._whole.of(value)

    def _carried(self, node: ir.Node, axis: int) -> ir.Value | None:
        axes = AXES[node.op_type](node, self)
        if not any(axis in own for own in axes):
            return None
        pairs = zip(node.inputs, chain(axes, repeat(())), strict=False)
        inputs = [self._input(value, own.index(axis) if axis in own else -1) for value, own in pairs]
        return self._rebuilt(node, inputs, axis)

    def _filled(self, node: ir.Node, axis: int) -> ir.Value | None:
        sizes = node.inputs[0]
        return self._rebuilt(node, [self._resized(sizes, axis)], axis) if sizes is not None else None

    def _expanded(self, node: ir.Node, axis: int) -> ir.Value | None:
        value, sizes = node.inputs
        rank = self.rank(node.outputs[0])
        if value is None or sizes is None or self._draft.anatomy.dims(sizes) != (rank,):
            return None
        value_axis = axis - rank + self.rank(value)
        return self._rebuilt(node, [self._input(value, value_axis), self._resized(sizes, axis)], axis)

    def _resized(self, sizes: ir.Value, axis: int) -> ir.Value:
        """Return the dims that a node asks for, with the number of new tokens on ``axis``."""
        rank = self._draft.anatomy.dims(sizes)[0]
        name = f"{sizes.name}.rows.{axis}"
        here = self._draft.constant(np.arange(rank or 0) == axis, f"{name}.here")
        return self._draft.op("Where", [here, self.lengths.new, self._whole.of(sizes)], name=name)

    def _picked(self, node: ir.Node, axis: int) -> ir.Value | None:
        table, places = node.inputs
        if node.attributes.get_int("batch_dims", 0) or axis >= self.rank(places) - 1:
            return None
        return self._rebuilt(node, [self._input(table, -1), self._input(places, axis)], axis)

    def _sliced(self, node: ir.Node, axis: int) -> ir.Value | None:
        """Cut a table to the new rows at once, where it was cut to all of them: from 0, by 1."""
        starts, axes, steps = (self.constant(node, index) for index in (1, 3, 4))
        table = node.inputs[0]
        if table is None or starts is None or axes is None or axes.size != 1:
            return None
        if int(axes[0]) % self.rank(table) != axis:
            return self._carried(node, axis)
        if int(starts[0]) or (steps is not None and int(steps[0]) != 1):
            return None
        return self._cut(self._whole.of(table), axis, f"{node.outputs[0].name}.rows.{axis}")

    def _triangle(self, node: ir.Node, axis: int) -> ir.Value | None:
        """Move the diagonal: row i of the cut is row past + i of the whole."""
        square = node.inputs[0]
        if axis != self.rank(square) - 2:
            return None
        diagonal = self._draft.op("Squeeze", [self.lengths.past], name=f"{node.outputs[0].name}.past")
        if len(node.inputs) > 1 and node.inputs[1] is not None:
            offset = self._whole.of(node.inputs[1])
            diagonal = self._draft.op("Add", [offset, diagonal], name=f"{node.outputs[0].name}.diagonal")
        return self._rebuilt(node, [self._input(square, axis), diagonal], axis)
