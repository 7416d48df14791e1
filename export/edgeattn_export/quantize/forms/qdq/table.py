"""An embedding whose table is stored in 8 or 16 bits, in one step: engines look rows up as they are stored.

Before: Gather(table, ids)                                       float32
After:  Gather(DequantizeLinear(table_u8, step, zero), ids)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant
from edgeattn_export.quantize.arithmetic.affine import EIGHT, SIXTEEN
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import Match, match_embedding
from edgeattn_export.quantize.forms.qdq.constants import emit_constant, steps_for


class TableQdq:
    """Stores large tables, with one range for all rows."""

    noun = "embedding"
    roots = frozenset({"Gather"})

    def __init__(self, name: str, steps: int) -> None:
        """Take the steps between the ends of a table's range."""
        self.name, self._steps = name, steps

    def check(self, node: ir.Node) -> Match | None:
        """Match a look-up in a large float matrix."""
        return match_embedding(node)

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the table and the look-up."""
        array = np.asarray(constant(match.table), np.float32)
        name = f"{match.table.name}.{'u8' if self._steps == EIGHT else 'u16'}"
        table = emit_constant(tape, array, steps_for(array, self._steps), name)
        table.shape, table.type = match.table.shape, match.table.type
        return {match.output: tape.op("Gather", [table, match.ids])}


TABLE8 = TableQdq("8-bit table", EIGHT)
TABLE16 = TableQdq("16-bit table", SIXTEEN)
