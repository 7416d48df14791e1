"""The whole graph of an encoder-decoder -> what depends on the source alone, computed once a source."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from edgeattn_export.cache.anatomy import Anatomy
from edgeattn_export.cache.tidy import tidied


def source_encoder(anatomy: Anatomy, carried: Mapping[ir.Value, ir.Value]) -> ir.Model:
    """Return the part of the graph that computes the ``carried`` values, under their names there."""
    model = anatomy.model.clone()
    graph = model.graph
    values = {value.name: value for value in graph.inputs}
    values |= {value.name: value for node in graph for value in node.outputs}
    outputs = [_named(graph, values[old.name], new) for old, new in carried.items()]
    graph.outputs.clear()
    graph.outputs.extend(outputs)
    tidied(model)
    sources = {tensor.name for tensor in anatomy.roles.sources}
    for value in tuple(graph.inputs):
        if value.name not in sources:
            graph.inputs.remove(value)
    graph.name = "encoder"
    return model


def _named(graph: ir.Graph, value: ir.Value, carried: ir.Value) -> ir.Value:
    if value.is_graph_input():
        copy = ir.Node("", "Identity", [value])
        graph.append(copy)
        value = copy.outputs[0]
    value.name, value.type, value.shape = carried.name, carried.type, carried.shape
    return value
