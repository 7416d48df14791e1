"""Reading scores that a mask of 0 and 1 mutes by arithmetic: scores * shown + number * (1 - shown).

So GPT (Radford et al. 2018) and many after it: where ``visible`` is 0, the score is ``number``.
"""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.graph.dataflow import constant, is_constant, producer, scalar


@dataclass(frozen=True, slots=True)
class Muting:
    """``scores`` where ``visible``, 0 or 1, is 1, else ``value``."""

    scores: ir.Value
    visible: ir.Value
    value: float


def read_muting(node: ir.Node) -> Muting | None:
    """Read an Add or Sub of that form."""
    left, right = node.inputs
    sides = ((left, right), (right, left)) if node.op_type == "Add" else ((left, right),)
    for product, rest in sides:
        muted = producer(product, "Mul")
        for scores, visible in (tuple(muted.inputs), tuple(reversed(muted.inputs))) if muted else ():
            number = _times_complement(rest, visible)
            if scores is not None and visible is not None and number is not None and is_binary(visible):
                return Muting(scores, visible, number if node.op_type == "Add" else -number)
    return None


def _times_complement(value: ir.Value | None, visible: ir.Value | None) -> float | None:
    """Return n where a value is n * (1 - shown)."""
    node = producer(value, "Mul", "Sub")
    if node is None:
        return None
    left, right = node.inputs
    if node.op_type == "Sub":
        if right is visible and scalar(left) == 1.0:
            return 1.0
        return -1.0 if left is visible and scalar(right) == 1.0 else None
    for number, rest in ((scalar(left), right), (scalar(right), left)):
        inner = None if number is None else _times_complement(rest, visible)
        if number is not None and inner is not None:
            return number * inner
    return None


def is_binary(value: ir.Value | None) -> bool:
    """Say whether a value holds 0 and 1 alone, by how it is made; a mask of integers counts as such."""
    if is_constant(value):
        array = constant(value)
        return array is not None and bool(((array == 0) | (array == 1)).all())
    node = producer(
        value, "Cast", "Reshape", "Transpose", "Unsqueeze", "Squeeze", "Slice", "Gather", "Expand", "Mul"
    )
    if node is None:
        return False
    source = node.inputs[0]
    if node.op_type == "Cast":
        return source is not None and (
            source.dtype in (ir.DataType.BOOL, ir.DataType.INT64) or is_binary(source)
        )
    return is_binary(source) and (node.op_type != "Mul" or is_binary(node.inputs[1]))
