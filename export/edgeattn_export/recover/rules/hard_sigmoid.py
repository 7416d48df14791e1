"""A hard sigmoid written by its formula becomes one operator.

Before: Clip(x + 3, 0, 6) / 6                or any c * Clip(a * x + b, 0, 1 / c)
After:  HardSigmoid(x; alpha=1/6, beta=0.5)                     alpha = a c, beta = b c
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.graph.dataflow import (
    only_user,
    operand,
    producer,
    scalar,
    scaled_operand,
    split_constant,
)
from edgeattn_export.graph.rule import Emit, rule
from edgeattn_export.recover.gates import close

ALPHA, BETA = 0.2, 0.5  # the operator's defaults


@dataclass(frozen=True, slots=True)
class HardGate:
    """``height * HardSigmoid(x; alpha, beta)``."""

    x: ir.Value
    alpha: float
    beta: float
    height: float


@rule("hard sigmoid", "Clip")
def recover_hard_sigmoid(clip: ir.Node) -> Emit | None:
    """Match a limited line between 0 and what it is divided by; between 0 and 1 without a division."""
    gate = next(hard_gates(clip), None)
    if gate is None:
        return None
    output, height = clip.outputs[0], gate.height
    user = only_user(output)
    scaled = scaled_operand(user) if user is not None and user.op_type in ("Mul", "Div") else None
    if user is not None and scaled is not None and scaled[0] is output and not close(height, 1):
        output, height = user.outputs[0], height * scaled[1]
    if not close(height, 1):
        return None
    numbers = {"alpha": gate.alpha, "beta": gate.beta}
    return lambda tape: {output: tape.op("HardSigmoid", [gate.x], numbers)}


def hard_gates(node: ir.Node) -> Iterator[HardGate]:
    """Yield what a Clip or HardSigmoid is a hard sigmoid of: the line's operand, and what that scales."""
    gate = _operator(node) if node.op_type == "HardSigmoid" else _limited_line(node)
    if gate is None:
        return
    yield gate
    scale = producer(gate.x, "Mul", "Div")
    scaled = scaled_operand(scale) if scale is not None else None
    if scaled is not None:
        yield HardGate(scaled[0], gate.alpha * scaled[1], gate.beta, gate.height)


def _operator(node: ir.Node) -> HardGate | None:
    x, attributes = node.inputs[0], node.attributes
    numbers = attributes.get_float("alpha", ALPHA), attributes.get_float("beta", BETA)
    return None if x is None else HardGate(x, *numbers, height=1.0)


def _limited_line(clip: ir.Node) -> HardGate | None:
    low, high = scalar(operand(clip, 1)), scalar(operand(clip, 2))
    line = producer(clip.inputs[0], "Add", "Sub")
    if low != 0 or not high or high < 0 or line is None:
        return None
    x, shift = split_constant(line)
    number = scalar(shift)
    if x is None or number is None or (line.op_type == "Sub" and x is not line.inputs[0]):
        return None
    return HardGate(x, 1 / high, (-number if line.op_type == "Sub" else number) / high, high)
