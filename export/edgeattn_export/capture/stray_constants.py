"""Constants that a graph uses and does not hold: the exporter's rules give two of them one name.

Before: Clip(x, x_min), Clip(x, x_min'), of which the graph holds the second
After:  it holds both, each by a name of its own
"""

from __future__ import annotations

import onnx_ir as ir


def adopt_constants(model: ir.Model) -> None:
    """Add to a graph, in place, the constants that its nodes use and no graph holds."""
    held = model.graph.initializers
    for node in model.graph.all_nodes():
        for value in node.inputs:
            if value is not None and _is_stray(value):
                while value.name is None or value.name in held:
                    value.name = f"{value.name}_"
                model.graph.register_initializer(value)


def _is_stray(value: ir.Value) -> bool:
    bound = value.producer() is not None or value.is_graph_input() or value.is_initializer()
    return not bound and value.const_value is not None
