"""How many tokens a model has positions for: the longest text that its tables and masks can serve."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.cache.anatomy import Anatomy
from edgeattn_export.fuse.dataflow import axis_of, dims, is_constant
from edgeattn_export.session import run, session_of
from edgeattn_runtime.errors import EdgeAttnError


def longest_text(anatomy: Anatomy, bound: int | None) -> int | None:
    """Return the largest number of tokens, or None where nothing limits it.

    Each table that is cut to the length, or looked up by it, is tried with one token more than it has rows: a
    table of positions then falls short, while one of clipped distances goes on.

    Args:
        anatomy: The whole graph.
        bound: A limit that is known already.
    """
    limits = [rows for node, rows in _tables(anatomy) if not _serves(anatomy, node, rows)]
    return min([*limits, *([] if bound is None else [bound])], default=None)


def _tables(anatomy: Anatomy) -> Iterator[tuple[ir.Node, int]]:
    """Yield the look-ups and cuts of constant tables by the length alone, with the table's rows."""
    for node in anatomy.model.graph:
        output = node.outputs[0]
        if node.op_type not in ("Gather", "Slice") or not is_constant(node.inputs[0]):
            continue
        if not anatomy.by_length(output) or anatomy.origins[output].values:
            continue
        axes = (axis_of(node, 0),) if node.op_type == "Gather" else anatomy.grown_axes(output)
        for axis in axes:
            rows = dims(node.inputs[0])[axis]
            if isinstance(rows, int):
                yield node, rows


def _serves(anatomy: Anatomy, node: ir.Node, rows: int) -> bool:
    """Say whether a table of so many rows serves one token more."""
    try:
        if node.op_type == "Gather":
            indices = _computed(anatomy, node.inputs[1], rows + 1)
            return bool(((-rows <= indices) & (indices < rows)).all())
        cut = _computed(anatomy, node.outputs[0], rows + 1)
    except EdgeAttnError:  # another table fell short before this one
        return False
    return all(cut.shape[axis] == rows + 1 for axis in anatomy.grown_axes(node.outputs[0]))


def _computed(anatomy: Anatomy, value: ir.Value | None, length: int) -> NDArray[np.int64]:
    """Return what a value by the length is for so many tokens."""
    tokens, batch = anatomy.roles.tokens, anatomy.roles.batch
    name = value.name or "" if value is not None else ""
    graph = ir.convenience.extract(anatomy.model.graph, [tokens.name], [name])
    session = session_of(ir.Model(graph, ir_version=anatomy.model.ir_version))
    fed = {tokens.name: np.zeros((1 if isinstance(batch, str) else batch, length), tokens.dtype)}
    return np.asarray(run(session, fed)[name])
