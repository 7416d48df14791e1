"""An embedding with int4 rows, a scale for each block of a row: half the size, for what exactness it costs.

Before: Gather(table, ids)                                             float32
After:  GatherBlockQuantized(table_u4, ids, scales)                    zero point 8, blocks of 32 along a row
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import dims, embed
from edgeattn_export.quantize.affine import quantize_along
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import Match, match_embedding
from edgeattn_export.quantize.match import floats
from edgeattn_runtime.errors import QuantizeError

BLOCK = 32  # numbers of a row that share a scale
LEVELS = 7


class EmbeddingInt4:
    """Makes the rows of large embeddings int4."""

    name = "int4 rows"
    noun = "embedding"
    roots = frozenset({"Gather"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a look-up in a large float matrix whose rows are whole blocks."""
        match = match_embedding(node)
        return match if match is not None and int(str(dims(match.table)[1])) % BLOCK == 0 else None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the look-up.

        Raises:
            QuantizeError: The table holds a NaN or an infinity.
        """
        table = floats(match.table)
        rows, width = table.shape
        try:
            stored, scale = quantize_along(table.reshape(-1, BLOCK), axis=1, levels=LEVELS)
        except ValueError as error:
            raise QuantizeError(
                f"embedding {match.module!r}: its table {error}; expected finite numbers; check its training"
            ) from error
        shifted = (stored.reshape(rows, width) + (LEVELS + 1)).astype(np.uint8)  # (R, D)
        packed = (shifted[:, 0::2] + 16 * shifted[:, 1::2].astype(np.uint16)).astype(np.uint8)  # (R, D / 2)
        name = match.table.name
        inputs = [
            embed(tape, packed, f"{name}.int4"),
            match.ids,
            embed(tape, scale.reshape(rows, width // BLOCK), f"{name}.scales"),
        ]
        attributes = {"bits": 4, "block_size": BLOCK, "gather_axis": 0, "quantize_axis": 1}
        return {match.output: tape.op("GatherBlockQuantized", inputs, attributes, domain=MICROSOFT)}
