"""A graph without some of its units: what makes them is narrower, what reads them is fitted to the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.apply import unused_name
from edgeattn_export.graph.dataflow import constant, dims
from edgeattn_export.quantize.layers.match import Match, floats
from edgeattn_export.quantize.pruning.removal import Ints, rows_of
from edgeattn_export.quantize.pruning.units import Units

Numbers = NDArray[np.floating[Any]]

_HEADS = {"Attention": ("q_num_heads", "kv_num_heads"), "RotaryEmbedding": ("num_heads",)}


def narrow(model: ir.Model, units: Units, kept: Ints, weight: Numbers, bias: Numbers | None) -> None:
    """Leave only some units, in place.

    Args:
        model: Holds them.
        units: All that the layer reads now.
        kept: (K) The units that stay.
        weight: (K * size, N) Of the layer that reads them.
        bias: (N) Of that layer; None where it has none.
    """
    for match in dict.fromkeys(part.match for part in units.parts):
        columns = _columns(match, units, kept)
        own_bias = None if match.bias is None else floats(match.bias)[columns]
        _write(model.graph, match, match.array[:, columns], own_bias)
        _set_width(match.output, len(columns))
    made = {part.match.output for part in units.parts}
    for node in dict.fromkeys(value.producer() for value in units.values if value not in made):
        if node is not None:
            _narrow_node(model.graph, node, units, kept)
    for value, size in units.values.items():
        _set_width(value, len(kept) * size)
    _write(model.graph, units.reader, weight, bias)


def _columns(match: Match, units: Units, kept: Ints) -> Ints:
    """Return the columns of a layer that stay: those of all its parts, and what is no unit's."""
    parts = [part for part in units.parts if part.match == match]
    gone = np.setdiff1d(np.arange(units.count), kept)
    removed = [part.start + rows_of(gone, part.size) for part in parts]
    columns: Ints = np.setdiff1d(np.arange(match.sizes[1]), np.concatenate(removed))
    return columns


def _narrow_node(graph: ir.Graph, node: ir.Node, units: Units, kept: Ints) -> None:
    """Let a node between take what is narrower now: its number of heads, its sizes, its constants."""
    for name in _HEADS.get(node.op_type, ()):
        count = node.attributes.get_int(name, 0)
        if count:
            node.attributes[name] = ir.AttrInt64(name, count * len(kept) // units.count)
    if node.op_type == "Split":
        if len(node.inputs) > 1:  # else it has equal parts, which they stay
            sizes = [len(kept) * units.values.get(output, 0) or dims(output)[-1] for output in node.outputs]
            _replace(graph, node, 1, np.array(sizes, np.int64))
        return
    for index, value in enumerate(node.inputs):
        array = constant(value)
        if array is not None and array.ndim == 1 and len(array) > 1 and node.op_type not in _HEADS:
            _replace(graph, node, index, array[rows_of(kept, units.values[node.outputs[0]])])


def _write(graph: ir.Graph, match: Match, weight: Numbers, bias: Numbers | None) -> None:
    """Give a layer another weight (D, N) and bias (N)."""
    (use,) = match.weight.uses()
    array = np.ascontiguousarray((weight.T if match.transposed else weight).astype(np.float32))
    _replace(graph, use.node, use.idx, array)
    for value in use.node.outputs:
        _set_width(value, weight.shape[1])
    if match.bias is not None and bias is not None:
        adding = match.output.producer()
        if adding is not None:
            _replace(graph, adding, adding.inputs.index(match.bias), bias.astype(np.float32))


def _replace(graph: ir.Graph, node: ir.Node, index: int, array: NDArray[np.generic]) -> None:
    """Give a node another constant, under the old one's name where nobody else reads that."""
    old = node.inputs[index]
    if old is None:
        return
    name = old.name or ""
    node.replace_input_with(index, None)
    if name in graph.initializers and not old.uses():
        del graph.initializers[name]
    name = unused_name(graph, name)
    value = ir.Value(name=name, const_value=ir.tensor(array, name=name))
    value.dtype, value.shape = ir.DataType.from_numpy(array.dtype), ir.Shape(array.shape)
    graph.register_initializer(value)
    node.replace_input_with(index, value)


def _set_width(value: ir.Value, width: int) -> None:
    if value.shape is not None:
        value.shape = ir.Shape([*value.shape[:-1], width])
