"""Columns that are taken of a table's rows are taken of the table: it is smaller, and a step is saved.

Before: Slice(Slice(table, rows), columns)     table and columns constant, no other columns of these rows used
After:  Slice(table[..., columns], rows)

So both tables of rotary positions, whose halves are alike, are stored by half.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, is_constant, operand, scalar
from edgeattn_export.graph.emit import described
from edgeattn_export.graph.rule import Emit, Replaced, rule

AXES, STEPS = 3, 4  # inputs of Slice


@rule("table columns", "Slice")
def take_columns(node: ir.Node) -> Emit | None:
    """Match rows of a known table of which nothing but the same columns is used."""
    table, rows = node.inputs[0], node.outputs[0]
    if table is None or not is_constant(table) or rows.is_graph_output() or _takes_columns(node):
        return None
    users = [use.node for use in rows.uses()]
    columns = {_columns(user) for user in users if user.inputs[0] is rows}
    if len(columns) != 1 or any(user.inputs[0] is not rows for user in users):
        return None
    bounds = columns.pop()
    if bounds is None:
        return None
    start, end = bounds

    def emit(tape: Tape) -> Replaced:
        smaller = np.ascontiguousarray(np.asarray(constant(table))[..., start:end])
        embedded = embed(tape, smaller, f"{table.name}.{start}.{end}")
        taken = described(tape.op("Slice", [embedded, *node.inputs[1:]]), users[0].outputs[0])
        return {user.outputs[0]: taken for user in users}

    return emit


def _takes_columns(node: ir.Node) -> bool:
    """Say whether a Slice cuts the last axis, or may."""
    axes = constant(operand(node, AXES))
    return axes is None or bool(np.isin(axes, (-1, len(dims(node.inputs[0])) - 1)).any())


def _columns(node: ir.Node) -> tuple[int, int] | None:
    """Return where a Slice of only the last axis starts and ends, one step at a time."""
    if node.op_type != "Slice" or len(node.inputs) <= AXES:
        return None
    start, end, axis = (scalar(bound) for bound in node.inputs[1 : AXES + 1])
    step = scalar(node.inputs[STEPS]) if len(node.inputs) > STEPS else 1
    if start is None or end is None or axis not in (-1, len(dims(node.inputs[0])) - 1) or step != 1:
        return None
    return int(start), int(end)
