"""A sum of sums of one shape is one sum: a pass over the numbers less.

Before: Sum(Sum(a, b), c)
After:  Sum(a, b, c)        added in the same order, so that no bit changes
"""

from __future__ import annotations

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, only_user, producer, sources
from edgeattn_export.graph.rule import Emit, rule


@rule("flat sum", "Sum")
def flat_sum(node: ir.Node) -> Emit | None:
    """Match a sum whose first addend is a sum of the same shape which nothing else reads."""
    first, output = node.inputs[0], node.outputs[0]
    inner = producer(first, "Sum")
    if inner is None or first is None or only_user(first) is not node:
        return None
    shape = dims(output)
    if not shape or None in shape or any(dims(value) != shape for value in node.inputs):
        return None
    return lambda tape: {output: tape.op("Sum", [*sources(inner), *sources(node)[1:]])}
