"""What replaces infinities in a softmax goes: it has none.

Before: Where(And(..., IsInf(Softmax(x))), c, y)     as torch.nan_to_num is exported
After:  y
"""

from __future__ import annotations

import onnx_ir as ir

from edgeattn_export.graph.dataflow import producer
from edgeattn_export.graph.rule import Emit, rule


@rule("finite softmax", "Where")
def drop_infinity_guard(node: ir.Node) -> Emit | None:
    """Match a choice that only an infinite softmax would make; the guard against NaN stays."""
    both, y = producer(node.inputs[0], "And"), node.inputs[2]
    tests = [producer(value, "IsInf") for value in both.inputs] if both else []
    infinite = next((test for test in tests if test is not None), None)
    if infinite is None or producer(infinite.inputs[0], "Softmax") is None:
        return None
    return lambda tape: {node.outputs[0]: tape.op("Identity", [y])}
