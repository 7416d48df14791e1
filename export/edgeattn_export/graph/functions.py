"""Nodes of the domain ``edgeattn``: a kernel where its library is registered, stock operators elsewhere.

Each such node has a model-local function of its own name, whose body is stock operators. An onnxruntime in
which the kernels are registered runs the node. Any other inlines the body and folds its constants, as if it
had been written so. Nodes of one operator may differ in their bodies, as ``overload`` says;
the kernel ignores it. onnxruntime 1.28 reads overloads; 1.24 takes one body for all, and answers wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import onnx_ir as ir
from onnx_ir.passes.common import InlinePass
from onnx_ir.tape import Tape

DOMAIN = "edgeattn"

Body = Callable[[ir.Node, int], ir.Function]  # of a node, at the opset of its model


def write_bodies(model: ir.Model, bodies: Mapping[str, Body]) -> None:
    """Give every node of the domain its function, in place; each is written once.

    Args:
        model: A graph, with functions or without.
        bodies: By operator.
    """
    for node in model.graph:
        if node.domain == DOMAIN and node.op_identifier() not in model.functions:
            function = bodies[node.op_type](node, model.opset_imports[""])
            model.functions[node.op_identifier()] = function


def function_of(
    node: ir.Node, parameters: Sequence[ir.Value], outputs: Sequence[ir.Value], tape: Tape, opset: int
) -> ir.Function:
    """Return a node's function: what a tape makes of its parameters, with the node's attributes."""
    graph = ir.Graph(parameters, outputs, nodes=tape.nodes, opset_imports={"": opset})
    attributes = [ir.Attr(name, attribute.type, None) for name, attribute in node.attributes.items()]
    return ir.Function(DOMAIN, node.op_type, node.overload, graph=graph, attributes=attributes)


def inlined(model: ir.Model) -> ir.Model:
    """Return a graph as an engine without the kernels runs it; the graph itself where it has no function."""
    if not model.functions:
        return model
    copy = model.clone()
    InlinePass()(copy)
    copy.opset_imports.pop(DOMAIN, None)
    return copy
