"""Linear layers that decide: a router of experts, an indexer of keys. They stay float.

Before: TopK(Softmax(x W), k)          whose indices say which rows the next layers see
A step of rounding that exchanges two of them is no small error, whatever the layer's own R² is.

Where what is chosen is the answer itself, such as the likeliest class, the layer is like any other.
"""

from __future__ import annotations

from collections.abc import Iterable

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, is_constant

_CHOOSING = frozenset({"TopK", "ArgMax", "ArgMin"})
_VIEWS = frozenset({"Cast", "Flatten", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"})
# What makes scores of a layer's output.
_SCORING = _VIEWS | frozenset(
    {
        *("Add", "Div", "Mul", "Neg", "Pow", "Sqrt", "Sub", "Where"),
        *("Exp", "Log", "LogSoftmax", "Relu", "Sigmoid", "Softmax", "Softplus", "Tanh"),
        *("Concat", "Expand", "MatMul", "Max", "Min", "ReduceMax", "ReduceMean", "ReduceSum"),
    }
)
MOST_VALUES = 32  # values that are followed: a score is near its choice


def decides(output: ir.Value) -> bool:
    """Say whether a layer's output becomes the scores of a choice that the graph goes on with."""
    followed: dict[ir.Value, None] = {}
    waiting = [output]
    while waiting and len(followed) < MOST_VALUES:
        value = waiting.pop(0)
        followed[value] = None
        for node in dict.fromkeys(use.node for use in value.uses()):
            if node.op_type in _CHOOSING and node.inputs[0] is value and not _is_answer(node.outputs):
                return True
            if node.op_type in _SCORING and not any(map(is_matrix, node.inputs)):
                waiting += [each for each in node.outputs if each not in followed]
    return False


def _is_answer(values: Iterable[ir.Value]) -> bool:
    """Say whether nothing reads values but the graph's outputs, through views at most."""
    return all(
        node.op_type in _VIEWS and node.inputs[0] is value and _is_answer(node.outputs)
        for value in values
        for node in (use.node for use in value.uses())
    )


def is_matrix(value: ir.Value | None) -> bool:
    """Say whether a value is a constant of two axes or more: as a weight, scores of it are that layer's."""
    return is_constant(value) and len(dims(value)) > 1
