"""An embedding with int8 rows, one scale a row.

Before: Gather(table, ids)                                     float32
After:  Cast(Gather(table_s8, ids)) * Gather(scale, ids)       scale (R, 1)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, embed, is_constant
from edgeattn_export.graph.rule import Emit, Replaced
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.quantize.arithmetic.grid import INT8, Floats
from edgeattn_export.quantize.forms.form import rewrite
from edgeattn_export.quantize.layers.match import floats
from edgeattn_runtime.errors import QuantizeError

WORTHWHILE = 64 * 1024  # elements; below, three more operators cost more than the bytes that they save

Rounded = tuple[NDArray[np.int8], Floats]


@dataclass(frozen=True, slots=True)
class LookUp:
    """A look-up in a constant table (R, D)."""

    table: ir.Value
    ids: ir.Value
    output: ir.Value
    module: str

    def rounded(self, by_rows: Callable[[Floats], Rounded]) -> Rounded:
        """Return the table as it is to be stored, and the scales of its rows.

        Raises:
            QuantizeError: It holds a NaN or an infinity.
        """
        try:
            return by_rows(floats(self.table))
        except ValueError as error:
            raise QuantizeError(
                f"embedding {self.module!r}: its table {error}; expected finite numbers; check its training"
            ) from error


@rewrite("int8 rows", "embedding", "Gather")
def embedding_int8(node: ir.Node) -> Emit | None:
    """Match a look-up in a large float matrix; see ``LookUp.rounded``."""
    found = look_up(node)
    if found is None:
        return None

    def emit(tape: Tape) -> Replaced:
        stored, scale = found.rounded(_by_rows)
        name = found.table.name
        rows = tape.op("Gather", [embed(tape, stored, f"{name}.int8"), found.ids])
        scales = tape.op("Gather", [embed(tape, scale, f"{name}.scale"), found.ids])
        rows = tape.op("Cast", [rows], {"to": int(ir.DataType.FLOAT)})
        return {found.output: tape.op("Mul", [rows, scales])}

    return emit


def look_up(node: ir.Node) -> LookUp | None:
    """Read a look-up along the rows of a large float matrix; None of any other."""
    table, ids = node.inputs
    if table is None or ids is None or not is_constant(table) or is_constant(ids):
        return None
    if table.dtype is not ir.DataType.FLOAT or node.attributes.get_int("axis", 0) != 0:
        return None
    sizes = [size for size in dims(table) if isinstance(size, int)]
    if len(sizes) != 2 or sizes[0] * sizes[1] < WORTHWHILE:
        return None
    return LookUp(table, ids, node.outputs[0], module_of(node))


def _by_rows(table: Floats) -> Rounded:
    stored, scale = INT8.quantize(table.T)
    return np.ascontiguousarray(stored.T), scale.T  # (R, D), (R, 1)
