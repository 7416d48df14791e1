"""Graphs by the PyTorch modules that their nodes came from, in the order in which they run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import onnx_ir as ir

from edgeattn.results.graph import ModulePart
from edgeattn_export.graph.scopes import module_of


def module_parts(models: Iterable[ir.Model]) -> tuple[ModulePart, ...]:
    """Return the part of each module; those that only make constants come last."""
    graphs = list(models)
    nodes = dict.fromkeys((module_of(node) for model in graphs for node in _following(model)), 0)
    sizes: dict[str, float] = {}
    for model in graphs:
        counted: set[ir.Value] = set()
        for node in model.graph.all_nodes():
            module = module_of(node)
            nodes[module] = nodes.get(module, 0) + 1
            for value in node.inputs:
                if value is not None and value.const_value is not None and value not in counted:
                    counted.add(value)
                    sizes[module] = sizes.get(module, 0.0) + value.const_value.nbytes / 1e6
    return tuple(ModulePart(module, count, sizes.get(module, 0.0)) for module, count in nodes.items())


def _following(model: ir.Model) -> Iterator[ir.Node]:
    """Yield the nodes that follow from an input: what makes weights float again stands before all of them."""
    fixed: set[ir.Value] = set()
    for node in model.graph.all_nodes():
        inputs = [value for value in node.inputs if value is not None]
        if all(value.const_value is not None or value in fixed for value in inputs):
            fixed.update(node.outputs)
        else:
            yield node
