"""What smooths an input goes into the kernel that rounds it.

Before: Int8Linear(x * s, W)            s constant, (K)
After:  Int8Linear(x, W; smoothing=s)
"""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, only_user, producer, split_constant
from edgeattn_export.quantize.forms.ort_cpu.kernel.fusion import Fusion, Match
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import OP_TYPE, Int8Linear


class KernelSmoothing(Fusion):
    """Takes a product with one number a channel into the node behind it."""

    name = "kernel smoothing"
    roots = frozenset({OP_TYPE})

    def check(self, node: ir.Node) -> Match | None:
        """Match a node whose input is multiplied for it alone."""
        linear = Int8Linear.of(node)
        product = None if linear is None else producer(linear.x, "Mul")
        if linear is None or product is None or linear.smoothing is not None:
            return None
        x, factor = split_constant(product)
        is_own = only_user(linear.x) is node and dims(factor) == (linear.width,)
        return Match(replace(linear, x=x, smoothing=factor), tuple(node.outputs)) if x and is_own else None
