"""How many tokens a model has positions for: the longest text that its tables and masks can serve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.dataflow import axis_of, dims, is_constant
from edgeattn_export.incremental.kv_cache.anatomy import Anatomy
from edgeattn_runtime.errors import EdgeAttnError


def longest_text(anatomy: Anatomy, bound: int | None) -> int | None:
    """Return the largest number of tokens, or None where nothing limits it.

    Each table that is cut to the length, or looked up by it, is tried with one token more than it has rows: a
    table of positions then falls short, while one of clipped distances goes on. ``bound`` is a known limit.
    """
    limits = [_served(anatomy, node, axis, rows) for node, axis, rows in _tables(anatomy)]
    return min((limit for limit in (bound, *limits) if limit is not None), default=None)


def _tables(anatomy: Anatomy) -> Iterator[tuple[ir.Node, int, int]]:
    """Yield the look-ups and cuts of constant tables by only the length: the axis, and its rows."""
    for node in anatomy.model.graph:
        output = node.outputs[0]
        if node.op_type not in ("Gather", "GatherND", "Slice") or not is_constant(node.inputs[0]):
            continue
        if not anatomy.by_length(output) or anatomy.origins[output].values:
            continue
        for axis in _axes(anatomy, node):
            rows = dims(node.inputs[0])[axis]
            if isinstance(rows, int):
                yield node, axis, rows


def _axes(anatomy: Anatomy, node: ir.Node) -> tuple[int, ...]:
    """Return the axes of a table that are looked up or cut."""
    match node.op_type:
        case "Gather":
            return (axis_of(node, 0),)
        case "GatherND":  # by a number an axis
            numbers = anatomy.dims(node.inputs[1])[-1]
            return tuple(range(numbers)) if isinstance(numbers, int) else ()
        case _:
            return anatomy.grown_axes(node.outputs[0])


def _served(anatomy: Anatomy, node: ir.Node, axis: int, rows: int) -> int | None:
    """Return how many tokens a table of so many rows serves, or None where one more is served too."""
    read = node.outputs[0] if node.op_type == "Slice" else node.inputs[1]
    if read is None:
        return None
    try:
        indices = _computed(anatomy, read, rows + 1)
    except EdgeAttnError:
        return rows  # another table fell short before this one, and is found by itself
    if node.op_type == "Slice":
        if indices.shape[axis] > rows:
            return None
        # From the end a cut of one row too many may take any number of them.
        full = _computed(anatomy, read, rows).shape[axis]
        return rows if full == rows else indices.shape[axis]
    if node.op_type == "GatherND":
        indices = indices[..., axis]
    outside = (indices < -rows) | (indices >= rows)
    if not outside.any():
        return None
    grown = anatomy.grown_axes(read)
    if not grown:
        return rows
    # A place of queries and keys is there as soon as there are as many of both.
    return int(np.argwhere(outside)[:, grown].max(axis=1).min())


def _computed(anatomy: Anatomy, value: ir.Value, length: int) -> NDArray[np.int64]:
    """Return what a value by the length is for so many tokens; of all other axes it knows only the size."""
    sequence, inputs = anatomy.roles.sequence, anatomy.model.graph.inputs
    name = value.name or ""
    graph = ir.convenience.extract(anatomy.model.graph, [each.name or "" for each in inputs], [name])
    runner = anatomy.engine.runner(ir.Model(graph, ir_version=anatomy.model.ir_version))
    fed = {each.name or "": _zeros(anatomy, each, {sequence: length}) for each in inputs}
    return np.asarray(runner(fed)[name])


def _zeros(anatomy: Anatomy, value: ir.Value, sizes: Mapping[str, int]) -> NDArray[np.generic]:
    dims = (dim if isinstance(dim, int) else sizes.get(str(dim), 1) for dim in anatomy.dims(value))
    return np.zeros(tuple(dims), anatomy.dtype(value).numpy())
