"""An activation goes into the kernel of the layer before it.

Before: gelu(Int8Linear(x, W))                    read by nothing else
After:  Int8Linear(x, W; activation="gelu")       so with its tanh form, ReLU, tanh, and x * sigmoid(x)
"""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir

from edgeattn_export.graph.dataflow import only_user, producer
from edgeattn_export.quantize.forms.ort_cpu.kernel.fusion import Fusion, Match, layer_of
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import NONE


class KernelActivation(Fusion):
    """Takes an activation into the layer before it."""

    name = "kernel activation"
    roots = frozenset({"Gelu", "Relu", "Tanh", "Mul"})

    def check(self, node: ir.Node) -> Match | None:
        """Match an activation of a layer behind which nothing is fused yet."""
        match = activated(node)
        linear = None if match is None else layer_of(match[0])
        if (
            match is None
            or linear is None
            or linear.activation != NONE
            or linear.gate
            or linear.residual is not None
        ):
            return None
        return Match(replace(linear, activation=match[1]), tuple(node.outputs))


def activated(node: ir.Node | None) -> tuple[ir.Value, str] | None:
    """Return what a node is an activation of, by the kernel's name of it, where nothing else reads that."""
    if node is None or node.domain or node.op_type not in KernelActivation.roots:
        return None
    if node.op_type == "Mul":
        value = _silu_of(node)
        return None if value is None else (value, "silu")
    value = node.inputs[0]
    if value is None or only_user(value) is not node:
        return None
    by_tanh = node.attributes.get_string("approximate", NONE) == "tanh"
    return value, "gelu_tanh" if by_tanh else node.op_type.lower()


def _silu_of(node: ir.Node) -> ir.Value | None:
    """Return the x of which a product is x * sigmoid(x), where nothing else reads either."""
    for value, gate in (tuple(node.inputs), tuple(node.inputs)[::-1]):
        sigmoid = producer(gate, "Sigmoid")
        if sigmoid is None or value is None or sigmoid.inputs[0] is not value:
            continue
        users = {use.node for each in (value, *sigmoid.outputs) for use in each.uses()}
        leaves = any(each.is_graph_output() for each in (value, *sigmoid.outputs))
        return value if users == {node, sigmoid} and not leaves else None
    return None
