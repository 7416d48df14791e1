"""An embedding with int8 rows, one scale a row.

Before: Gather(table, ids)                                     float32
After:  Cast(Gather(table_s8, ids)) * Gather(scale, ids)       scale (R, 1)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, is_constant
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.quantize.arithmetic.affine import quantize_along
from edgeattn_runtime.errors import QuantizeError

WORTHWHILE = 64 * 1024  # elements; below, three more operators cost more than the bytes that they save


@dataclass(frozen=True, slots=True)
class Match:
    """A look-up in a constant table (R, D)."""

    table: ir.Value
    ids: ir.Value
    output: ir.Value
    module: str


class EmbeddingInt8:
    """Makes the rows of large embeddings int8."""

    name = "int8 rows"
    noun = "embedding"
    roots = frozenset({"Gather"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a look-up in a large float matrix."""
        return match_embedding(node)

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the look-ups of the int8 row and of its scale, and their product.

        Raises:
            QuantizeError: The table holds a NaN or an infinity.
        """
        try:
            stored, scale = quantize_along(
                np.asarray(constant(match.table), np.float32), axis=1
            )  # (R, D), (R, 1)
        except ValueError as error:
            raise QuantizeError(
                f"embedding {match.module!r}: its table {error}; expected finite numbers; check its training"
            ) from error
        name = match.table.name
        rows = tape.op("Gather", [embed(tape, stored, f"{name}.int8"), match.ids])
        scales = tape.op("Gather", [embed(tape, scale, f"{name}.scale"), match.ids])
        rows = tape.op("Cast", [rows], {"to": int(ir.DataType.FLOAT)})
        return {match.output: tape.op("Mul", [rows, scales])}


def match_embedding(node: ir.Node) -> Match | None:
    """Match a look-up along the rows of a large float matrix."""
    table, ids = node.inputs
    if table is None or ids is None or not is_constant(table) or is_constant(ids):
        return None
    if (
        table.dtype is not ir.DataType.FLOAT
        or len(dims(table)) != 2
        or node.attributes.get_int("axis", 0) != 0
    ):
        return None
    rows, size = dims(table)
    if not isinstance(rows, int) or not isinstance(size, int) or rows * size < WORTHWHILE:
        return None
    return Match(table, ids, node.outputs[0], module_of(node))
