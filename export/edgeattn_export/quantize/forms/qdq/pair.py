"""What graphs in QDQ are made of: a value between two quantizations, and an int8 weight made float again.

Before: v
After:  DequantizeLinear(QuantizeLinear(v, step, zero), step, zero)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, embed, only_user, producer
from edgeattn_export.quantize.arithmetic.affine import step_and_zero
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.ranges import Range

EIGHT, SIXTEEN = 255, 65535  # steps between the ends of a range
STORING = frozenset({"QuantizeLinear", "DequantizeLinear"})


def dequantized_weight(tape: Tape, linear: Linear, name: str) -> ir.Value:
    """Record the stored weight (D, N) with its scales (N), and what makes it float again."""
    stored = embed(tape, np.ascontiguousarray(linear.rounded), f"{name}.int8")
    scale = embed(tape, linear.steps[0], f"{name}.scale")
    return tape.op("DequantizeLinear", [stored, scale], {"axis": 1})


def added_bias(tape: Tape, product: ir.Value, linear: Linear, name: str) -> ir.Value:
    """Record the addition of the bias (N), where the layer has one."""
    if linear.bias is None:
        return product
    return tape.op("Add", [product, embed(tape, linear.bias, f"{name}.bias")])


@dataclass(frozen=True, slots=True)
class Steps:
    """How a value is stored: ``(stored - zero) * step``.

    Attributes:
        step: Of two neighbors.
        zero: The number that stands for 0, of the stored dtype.
    """

    step: np.float32
    zero: np.uint8 | np.uint16

    @classmethod
    def of(cls, reach: Range, steps: int) -> Steps:
        """Return the steps that hold a range."""
        step, zero = step_and_zero(*reach, steps)
        return cls(step, np.uint8(zero) if steps == EIGHT else zero)


def emit_pair(tape: Tape, value: ir.Value, steps: Steps, name: str) -> ir.Value:
    """Emit both quantizations of a value, and return what is computed with."""
    step = embed(tape, np.array(steps.step), f"{name}.step")
    zero = embed(tape, np.array(steps.zero), f"{name}.zero")
    stored = tape.op("QuantizeLinear", [value, step, zero])
    number = tape.op("DequantizeLinear", [stored, step, zero])
    stored.shape, stored.dtype = value.shape, ir.DataType.from_numpy(steps.zero.dtype)
    number.shape, number.type = value.shape, value.type
    return number


def stored_steps(value: ir.Value) -> Steps | None:
    """Return the steps of what a value is computed from, or None where it is not stored by one step."""
    return _steps_in(producer(value, "DequantizeLinear"))


def read_steps(value: ir.Value) -> Steps | None:
    """Return the steps in which the one quantization that reads a value stores it, or None without one."""
    return _steps_in(only_user(value))


def _steps_in(node: ir.Node | None) -> Steps | None:
    if node is None or node.op_type not in STORING or len(node.inputs) < 3:
        return None
    step, zero = (constant(part) for part in node.inputs[1:3])
    if step is None or zero is None or step.size != 1:
        return None
    integer = np.uint8 if zero.dtype == np.uint8 else np.uint16
    return Steps(np.float32(step.reshape(())), integer(zero.reshape(())))


def is_stored(value: ir.Value | None, dtype: ir.DataType) -> bool:
    """Say whether a value is computed from numbers of a dtype."""
    node = producer(value, "DequantizeLinear")
    return node is not None and node.inputs[0] is not None and node.inputs[0].dtype is dtype
