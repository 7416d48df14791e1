"""Identity nodes removed, but for those between two ends of a graph.

Before: a = Identity(x), y = Neg(a), z = Identity(y)        y and z are outputs
After:  y = Neg(x), z = Identity(y)
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.passes import InPlacePass, PassResult


class RemoveIdentities(InPlacePass):
    """As onnx-ir's IdentityEliminationPass, which makes one output of two that are alike."""

    def call(self, model: ir.Model) -> PassResult:
        """Remove what needs not be there, in place."""
        found = [node for node in model.graph.all_nodes() if node.op_type == "Identity" and not node.domain]
        removed = [_removed(node) for node in found]
        return PassResult(model, any(removed))


def _removed(node: ir.Node) -> bool:
    source, same = node.inputs[0], node.outputs[0]
    if source is None or node.graph is None or (same.is_graph_output() and _is_end(source)):
        return False
    known, other = (same, source) if same.is_graph_output() else (source, same)
    name, shape = known.name, other.shape if known.shape is None else known.shape
    ir.convenience.replace_all_uses_with(same, source, replace_graph_outputs=True)
    source.name, source.shape, source.type = name, shape, source.type or same.type
    node.graph.remove(node, safe=True)
    return True


def _is_end(value: ir.Value) -> bool:
    return value.is_graph_input() or value.is_graph_output() or value.is_initializer()
