"""A normalization that divides by the deviation itself is named, with what would make one operator of it.

Found:     Div(x - ReduceMean(x), Add(Sqrt(variance), eps))      over the last axis; scaled first, too
Operator:  (x - mean) / sqrt(variance + eps)                     LayerNormalization

They differ unless the deviation is much larger than eps, which samples need not show: nothing is rewritten.
Models after "The Annotated Transformer" (Rush 2018) are written so, by ``x.std``.
"""

from __future__ import annotations

import onnx_ir as ir

from edgeattn_export.graph.dataflow import producer, scalar
from edgeattn_export.graph.rule import Refusal, rule
from edgeattn_export.recover.rules.softmax import over_last_axis

_REFUSAL = Refusal(
    "it divides by x.std() + eps, where the operator has eps inside of the root; nn.LayerNorm in its place, "
    "trained on for a while, runs as one operator"
)


@rule("layer normalization", "Div")
def name_deviation_norm(node: ir.Node) -> Refusal | None:
    """Refuse what is centered and divided by its deviation plus a number."""
    shifted = producer(node.inputs[1], "Add")
    if shifted is None or not _is_centered(node.inputs[0]):
        return None
    one, other = shifted.inputs
    of_deviation = any(
        producer(root, "Sqrt") is not None and scalar(eps) is not None
        for root, eps in ((one, other), (other, one))
    )
    return _REFUSAL if of_deviation else None


def _is_centered(value: ir.Value | None) -> bool:
    """Say whether a value is x - mean(x) over the last axis, times a scale or not."""
    node = producer(value, "Mul", "Sub")
    if node is None:
        return False
    if node.op_type == "Mul":
        return any(map(_is_centered, node.inputs))
    mean = producer(node.inputs[1], "ReduceMean")
    return mean is not None and mean.inputs[0] is node.inputs[0] and over_last_axis(mean)
