"""An activation goes into the kernel of the layer before it.

Before: gelu(Int8Linear(x, W))                    read by nothing else
After:  Int8Linear(x, W; activation="gelu")       so with its tanh form, ReLU, tanh, and x * sigmoid(x)
"""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir

from edgeattn_export.graph.dataflow import producer
from edgeattn_export.quantize.forms.ort_cpu.kernel.fusion import Fusion, Match, layer_behind, layer_of
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import NONE, Int8Linear


class KernelActivation(Fusion):
    """Takes an activation into the layer before it."""

    name = "kernel activation"
    roots = frozenset({"Gelu", "Relu", "Tanh", "Mul"})

    def check(self, node: ir.Node) -> Match | None:
        """Match an activation of a layer behind which nothing is fused yet."""
        linear = _silu_of(node) if node.op_type == "Mul" else layer_behind(node.inputs[0], node)
        if linear is None or linear.activation != NONE or linear.residual is not None:
            return None
        return Match(replace(linear, activation=_named(node)), node.outputs[0])


def _named(node: ir.Node) -> str:
    """Return the kernel's name of an activation."""
    if node.op_type == "Gelu":
        return "gelu_tanh" if node.attributes.get_string("approximate", NONE) == "tanh" else "gelu"
    return "silu" if node.op_type == "Mul" else node.op_type.lower()


def _silu_of(node: ir.Node) -> Int8Linear | None:
    """Return the layer of which a product is x * sigmoid(x), where nothing else reads either."""
    for value, gate in (tuple(node.inputs), tuple(node.inputs)[::-1]):
        sigmoid = producer(gate, "Sigmoid")
        if sigmoid is None or value is None or sigmoid.inputs[0] is not value:
            continue
        users = {use.node for each in (value, *sigmoid.outputs) for use in each.uses()}
        leaves = any(each.is_graph_output() for each in (value, *sigmoid.outputs))
        return layer_of(value) if users == {node, sigmoid} and not leaves else None
    return None
