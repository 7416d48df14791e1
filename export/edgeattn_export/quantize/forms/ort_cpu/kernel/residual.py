"""A residual goes into the kernel of the layer that it is added to.

Before: Int8Linear(x, W) + r            r of the output's dims; the product read by nothing else
After:  Int8Linear(x, W, r)
"""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, is_constant, same_dims
from edgeattn_export.quantize.forms.ort_cpu.kernel.fusion import Fusion, Match, layer_behind


class KernelResidual(Fusion):
    """Takes the addition of a value of the same dims into the layer before it."""

    name = "kernel residual"
    roots = frozenset({"Add", "Sum"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a sum of a layer's output and one other value."""
        if len(node.inputs) != 2:
            return None
        first, second = node.inputs
        for value, other in ((second, first), (first, second)):
            linear = layer_behind(value, node)
            if linear is None or linear.residual is not None or other is None or is_constant(other):
                continue
            if same_dims(dims(other), dims(node.outputs[0])):
                return Match(replace(linear, residual=other), tuple(node.outputs))
        return None
