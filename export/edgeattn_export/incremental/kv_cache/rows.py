"""The new tokens' part of what is by the length: rows past..total of position tables, masks and biases.

Before: f(length)                               for all tokens at once
After:  f(capacity)[past : past + length]       for the new ones, past + length <= capacity

The slice is taken as early as the operators allow, so that a step computes one row of a mask and not all of
it; where an operator does not allow it, the whole is computed and then cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph import dataflow
from edgeattn_export.incremental.kv_cache.decoder_draft import Copies, DecoderDraft
from edgeattn_export.incremental.operator_axes import AXES, ELEMENTWISE


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
        self.draft = draft
        self.whole = whole
        self.lengths = lengths
        self._made: dict[tuple[ir.Value, int], ir.Value] = {}

    def of(self, value: ir.Value, axes: tuple[int, ...]) -> ir.Value:
        """Return ``value`` for all tokens, cut to the new ones along ``axes``, along which it grows."""
        if not axes:
            return self.whole.of(value)
        rows = self._along(value, axes[0])
        for axis in axes[1:]:
            rows = self.cut(rows, axis, f"{value.name}.rows.{axis}")
        return rows

    def rank(self, value: ir.Value | None) -> int:
        """Return how many axes a value of the whole graph has."""
        return len(self.draft.anatomy.dims(value))

    def constant(self, node: ir.Node, index: int) -> NDArray[np.generic] | None:
        """Return an operand's value where it is constant."""
        return dataflow.constant(node.inputs[index]) if index < len(node.inputs) else None

    def cut(self, whole: ir.Value, axis: int, name: str) -> ir.Value:
        """Cut a value of all tokens to the new ones."""
        axes = self.draft.constant(np.array([axis], np.int64), f"{name}.axis")
        return self.draft.op("Slice", [whole, self.lengths.past, self.lengths.total, axes], name=name)

    def rebuilt(self, node: ir.Node, inputs: list[ir.Value | None], axis: int) -> ir.Value:
        """Take over a node that makes rows."""
        (rows,) = self.draft.clone(node, inputs, suffix=f".rows.{axis}")
        return rows

    def operand(self, value: ir.Value | None, axis: int) -> ir.Value | None:
        """Return an operand's rows where it grows along ``axis``, else the whole of it."""
        if value is None:
            return None
        grows = axis in self.draft.anatomy.grown_axes(value)
        return self._along(value, axis) if grows else self.whole.of(value)

    def resized(self, sizes: ir.Value, axis: int) -> ir.Value:
        """Return the dims that a node asks for, with the number of new tokens on ``axis``."""
        rank = self.draft.anatomy.dims(sizes)[0]
        name = f"{sizes.name}.rows.{axis}"
        here = self.draft.constant(np.arange(rank or 0) == axis, f"{name}.here")
        return self.draft.op("Where", [here, self.lengths.new, self.whole.of(sizes)], name=name)

    def _along(self, value: ir.Value, axis: int) -> ir.Value:
        if (value, axis) not in self._made:
            node = value.producer()
            rule = ROW_RULES.get(node.op_type) if node is not None and node.domain == "" else None
            made = rule(self, node, axis) if node is not None and rule is not None else None
            if made is None:
                made = self.cut(self.whole.of(value), axis, f"{value.name}.rows.{axis}")
            self._made[value, axis] = made
        return self._made[value, axis]


# Returns the new tokens' rows of what a node makes, along an axis; None where the whole is to be cut.
RowRule = Callable[[Rows, ir.Node, int], ir.Value | None]


def carried(rows: Rows, node: ir.Node, axis: int) -> ir.Value | None:
    """Take one whose operands have the axis on axes of their own."""
    axes = AXES[node.op_type](node, rows)
    if not any(axis in own for own in axes):
        return None
    pairs = zip(node.inputs, chain(axes, repeat(())), strict=False)
    inputs = [rows.operand(value, own.index(axis) if axis in own else -1) for value, own in pairs]
    return rows.rebuilt(node, inputs, axis)


def filled(rows: Rows, node: ir.Node, axis: int) -> ir.Value | None:
    """Take one number all over."""
    sizes = node.inputs[0]
    return rows.rebuilt(node, [rows.resized(sizes, axis)], axis) if sizes is not None else None


def expanded(rows: Rows, node: ir.Node, axis: int) -> ir.Value | None:
    """Take more of the same."""
    value, sizes = node.inputs
    rank = rows.rank(node.outputs[0])
    if value is None or sizes is None or rows.draft.anatomy.dims(sizes) != (rank,):
        return None
    value_axis = axis - rank + rows.rank(value)
    return rows.rebuilt(node, [rows.operand(value, value_axis), rows.resized(sizes, axis)], axis)


def picked(rows: Rows, node: ir.Node, axis: int) -> ir.Value | None:
    """Take a lookup by a number an axis."""
    table, places = node.inputs
    if node.attributes.get_int("batch_dims", 0) or axis >= rows.rank(places) - 1:
        return None
    return rows.rebuilt(node, [rows.operand(table, -1), rows.operand(places, axis)], axis)


def sliced(rows: Rows, node: ir.Node, axis: int) -> ir.Value | None:
    """Cut a table to the new rows at once, where it was cut to all of them: from 0, by 1."""
    starts, axes, steps = (rows.constant(node, index) for index in (1, 3, 4))
    table = node.inputs[0]
    if table is None or starts is None or axes is None or axes.size != 1:
        return None
    if int(axes[0]) % rows.rank(table) != axis:
        return carried(rows, node, axis)
    if int(starts[0]) or (steps is not None and int(steps[0]) != 1):
        return None
    return rows.cut(rows.whole.of(table), axis, f"{node.outputs[0].name}.rows.{axis}")


def triangle(rows: Rows, node: ir.Node, axis: int) -> ir.Value | None:
    """Move the diagonal: row i of the cut is row past + i of the whole."""
    square, name = node.inputs[0], node.outputs[0].name
    if axis != rows.rank(square) - 2:
        return None
    diagonal = rows.draft.op("Squeeze", [rows.lengths.past], name=f"{name}.past")
    if len(node.inputs) > 1 and node.inputs[1] is not None:
        offset = rows.whole.of(node.inputs[1])
        diagonal = rows.draft.op("Add", [offset, diagonal], name=f"{name}.diagonal")
    return rows.rebuilt(node, [rows.operand(square, axis), diagonal], axis)


ROW_RULES: Mapping[str, RowRule] = {
    **dict.fromkeys(ELEMENTWISE | {"Concat", "Gather", "Pad", "Transpose", "Unsqueeze"}, carried),
    "ConstantOfShape": filled,
    "Expand": expanded,
    "GatherND": picked,
    "Slice": sliced,
    "Trilu": triangle,
}
