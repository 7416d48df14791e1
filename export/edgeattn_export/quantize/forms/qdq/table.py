"""An embedding whose table is stored in 8 or 16 bits, in one step: engines look rows up as they are stored.

Before: Gather(table, ids)                                       float32
After:  Gather(DequantizeLinear(table_u8, step, zero), ids)
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant
from edgeattn_export.graph.rule import Emit, Replaced
from edgeattn_export.quantize.arithmetic.affine import EIGHT, SIXTEEN
from edgeattn_export.quantize.forms.form import Rewrite, rewrite
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import look_up
from edgeattn_export.quantize.forms.qdq.constants import emit_constant, steps_for


def _table(name: str, steps: int) -> Rewrite:
    """Return the form whose tables have so many steps between the ends of the range of all rows."""

    @rewrite(name, "embedding", "Gather")
    def table(node: ir.Node) -> Emit | None:
        found = look_up(node)
        if found is None:
            return None

        def emit(tape: Tape) -> Replaced:
            array, old = np.asarray(constant(found.table), np.float32), found.table
            suffix = "u8" if steps == EIGHT else "u16"
            stored = emit_constant(tape, array, steps_for(array, steps), f"{old.name}.{suffix}")
            stored.shape, stored.type = old.shape, old.type
            return {found.output: tape.op("Gather", [stored, found.ids])}

        return emit

    return table


TABLE8 = _table("8-bit table", EIGHT)
TABLE16 = _table("16-bit table", SIXTEEN)
