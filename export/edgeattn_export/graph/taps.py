"""Looking inside a graph: some of its values as outputs beside its own."""

from __future__ import annotations

from collections.abc import Iterable

import onnx_ir as ir


def values_of(model: ir.Model) -> dict[str, ir.Value]:
    """Return all that the graph's nodes make, by name."""
    return {value.name: value for node in model.graph for value in node.outputs if value.name}


def tapped(model: ir.Model, names: Iterable[str]) -> ir.Model:
    """Return a copy of a graph that also gives out the named values."""
    copy = model.clone()
    values = {**values_of(copy), **{value.name: value for value in copy.graph.inputs if value.name}}
    shown = {value.name for value in copy.graph.outputs}
    copy.graph.outputs.extend(values[name] for name in names if name not in shown)
    return copy
