"""A linear layer in dynamic int8: weights s8 with one scale a channel, activations u8 with one scale a call.

Before: x W + b                                       float32
After:  DynamicQuantizeMatMul(x, W_s8, scale, , b)    the bias is added inside the operator, in float
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.affine import LARGEST
from edgeattn_export.quantize.linear import Linear


@dataclass(frozen=True, slots=True)
class LinearInt8:
    """The fastest form, for any layer."""

    name: str = "int8"
    levels: int = LARGEST
    calibrated: bool = False

    def unfit(self, width: int, channels: int) -> str | None:  # noqa: ARG002
        """Fit every layer."""
        return None

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the operator with its int8 weights."""
        return dynamic_product(tape, x, linear, name, biased=True)


def dynamic_product(tape: Tape, x: ir.Value, linear: Linear, name: str, *, biased: bool) -> ir.Value:
    """Emit ``x @ weight`` with ``x`` quantized by the operator, and the bias added where it is wanted."""
    bias = embed(tape, linear.bias, f"{name}.bias") if biased and linear.bias is not None else None
    weight, scale = stored_weight(tape, linear, name)
    return tape.op("DynamicQuantizeMatMul", [x, weight, scale, None, bias], domain=MICROSOFT)


def stored_weight(tape: Tape, linear: Linear, name: str) -> tuple[ir.Value, ir.Value]:
    """Record the int8 weight (D, N) and its scales (N)."""
    stored = embed(tape, np.ascontiguousarray(linear.rounded), f"{name}.int8")
    return stored, embed(tape, linear.steps[0], f"{name}.scale")
