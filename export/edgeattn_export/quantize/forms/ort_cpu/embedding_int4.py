"""An embedding with int4 rows, a scale for each block of a row: half the size, for what exactness it costs.

Before: Gather(table, ids)                                             float32
After:  GatherBlockQuantized(table_u4, ids, scales)                    zero point 8, blocks of 16 along a row
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import dims, embed
from edgeattn_export.graph.rule import Emit, Replaced
from edgeattn_export.quantize.arithmetic.grid import Floats, Grid
from edgeattn_export.quantize.forms.form import rewrite
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import Rounded, look_up
from edgeattn_export.quantize.techniques.clipping import least_error_scale

BLOCK = 16  # numbers of a row that share a scale, the fewest that the operator knows
GRID = Grid.whole(4, BLOCK)
AT_ONCE = 2**20  # numbers whose scales are searched together: few enough for a cache
SMALLEST = 0.5  # share of a block's largest number that is tried as its range


@rewrite("int4 rows", "embedding", "Gather")
def embedding_int4(node: ir.Node) -> Emit | None:
    """Match a look-up in a large float matrix whose rows are whole blocks; see ``LookUp.rounded``."""
    found = look_up(node)
    if found is None or int(str(dims(found.table)[1])) % BLOCK:
        return None

    def emit(tape: Tape) -> Replaced:
        stored, scale = found.rounded(_by_blocks)
        shifted = (stored - GRID.lowest).astype(np.uint8)  # (R, D)
        packed = (shifted[:, 0::2] + 16 * shifted[:, 1::2].astype(np.uint16)).astype(np.uint8)  # (R, D / 2)
        name = found.table.name
        inputs = [embed(tape, packed, f"{name}.int4"), found.ids, embed(tape, scale, f"{name}.scales")]
        attributes = {"bits": 4, "block_size": BLOCK, "gather_axis": 0, "quantize_axis": 1}
        return {found.output: tape.op("GatherBlockQuantized", inputs, attributes, domain=MICROSOFT)}

    return emit


def _by_blocks(table: Floats) -> Rounded:
    """Return a table (R, D) in 4 bits, and its scales (R, D / BLOCK)."""
    stored, scales = [], []
    for rows in np.array_split(table, max(1, table.size // AT_ONCE)):
        columns = np.ascontiguousarray(rows.reshape(-1, BLOCK).T)  # (BLOCK, R D / BLOCK)
        scale = least_error_scale(GRID, columns, GRID.scale_of(columns), SMALLEST)  # (1, R D / BLOCK)
        stored.append(GRID.round(columns, scale).T.reshape(rows.shape))
        scales.append(scale.reshape(len(rows), -1))
    return np.concatenate(stored), np.concatenate(scales)
