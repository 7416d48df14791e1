"""A residual addition before a normalization is kept out of onnxruntime's fusion with it.

Before: LayerNormalization(Add(x, y))
After:  LayerNormalization(Sum(x, y))

onnxruntime fuses the first into SkipLayerNormalization, whose CPU kernel is scalar: 247 us for 128 x 384 on
one core, where LayerNormalization, which is vectorized, takes 35 us with its addition. Sum adds the same
numbers, and no fusion knows it.
"""

from __future__ import annotations

import onnx_ir as ir

from edgeattn_export.graph.dataflow import is_constant, producer
from edgeattn_export.graph.rule import Emit, rule


@rule("residual sum", "LayerNormalization")
def residual_sum(node: ir.Node) -> Emit | None:
    """Match a normalization of an addition of two computed values."""
    add = producer(node.inputs[0], "Add")
    if add is None or any(map(is_constant, add.inputs)):
        return None
    return lambda tape: {add.outputs[0]: tape.op("Sum", list(add.inputs))}
