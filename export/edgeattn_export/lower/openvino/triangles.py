"""Triangles of a mask as comparisons of positions.

Before: Trilu(m, k)                             m (..., S, T)
After:  And(m, column >= row + k)               of bool; column <= row + k where it is lower
        Where(column >= row + k, m, 0)          of float32, where k is not known before the call

OpenVINO's execution provider takes no Trilu of bool, nor one whose diagonal is computed, as a decoder's is:
the graph would be cut in two partitions there.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import unused_name
from edgeattn_export.graph.dataflow import embed, is_constant, operand
from edgeattn_export.graph.emit import emit_positions
from edgeattn_export.graph.scopes import MODULE, module_of

ROWS, COLUMNS = -2, -1  # axes


def compare_positions(model: ir.Model) -> None:
    """Write out which positions a triangle of a mask leaves, in place."""
    for node in tuple(model.graph):
        mask, diagonal = (operand(node, index) for index in range(2))
        if node.op_type != "Trilu" or mask is None or not _is_refused(mask, diagonal):
            continue
        tape = Tape()
        inside = _inside(tape, mask, diagonal, upper=bool(node.attributes.get_int("upper", 1)))
        masked = _masked(tape, mask, inside)
        for new in tape.nodes:
            new.metadata_props[MODULE] = module_of(node)
        for number in tape.initializers:
            number.name = unused_name(model.graph, number.name or "position")
            model.graph.register_initializer(number)
        ir.convenience.replace_nodes_and_values(
            model.graph, node, (node,), tape.nodes, node.outputs, (masked,)
        )


def _is_refused(mask: ir.Value, diagonal: ir.Value | None) -> bool:
    is_computed = diagonal is not None and not is_constant(diagonal)
    return mask.dtype is ir.DataType.BOOL or (mask.dtype is ir.DataType.FLOAT and is_computed)


def _inside(tape: Tape, mask: ir.Value, diagonal: ir.Value | None, *, upper: bool) -> ir.Value:
    """Emit (S, T), true inside the triangle."""
    rows = tape.op("Unsqueeze", [_positions(tape, mask, ROWS), embed(tape, np.array([-1]), "column")])
    first = rows if diagonal is None else tape.op("Add", [rows, diagonal])  # (S, 1)
    return tape.op("GreaterOrEqual" if upper else "LessOrEqual", [_positions(tape, mask, COLUMNS), first])


def _masked(tape: Tape, mask: ir.Value, inside: ir.Value) -> ir.Value:
    if mask.dtype is ir.DataType.BOOL:
        return tape.op("And", [mask, inside])
    return tape.op("Where", [inside, mask, embed(tape, np.array(0, np.float32), "zero")])


def _positions(tape: Tape, mask: ir.Value, axis: int) -> ir.Value:
    """Emit 0, 1, ... along an axis, int64."""
    end = {} if axis == COLUMNS else {"end": axis + 1}
    return emit_positions(tape, tape.op("Shape", [mask], {"start": axis, **end}))
