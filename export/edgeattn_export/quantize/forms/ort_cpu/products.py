"""The operators by which onnxruntime's CPU kernels multiply u8 activations and s8 weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.layers.linear import Linear


@dataclass(frozen=True, slots=True)
class Product:
    """An operator that multiplies 8-bit activations and weights, its inputs by their roles, in its order."""

    domain: str
    op_type: str
    roles: tuple[str, ...]

    def emit(self, tape: Tape, inputs: Mapping[str, ir.Value | None]) -> ir.Value:
        """Record the operator; roles that ``inputs`` leaves out stay empty."""
        return tape.op(self.op_type, [inputs.get(role) for role in self.roles], domain=self.domain)


# Quantizes its input in every call.
DYNAMIC = Product(MICROSOFT, "DynamicQuantizeMatMul", ("x", "weight", "scale", "weight zero", "bias"))
# Takes an input that is quantized already.
QUANTIZED = Product(
    MICROSOFT, "MatMulIntegerToFloat", ("x", "weight", "step", "scale", "zero", "weight zero", "bias")
)


def stored_weight(tape: Tape, linear: Linear, name: str) -> dict[str, ir.Value]:
    """Record the int8 weight (D, N) and its scales (N), by their roles."""
    return {
        "weight": embed(tape, np.ascontiguousarray(linear.rounded), f"{name}.int8"),
        "scale": embed(tape, linear.steps[0], f"{name}.scale"),
    }


def stored_bias(tape: Tape, linear: Linear, name: str) -> ir.Value | None:
    """Record the bias (N), where the layer has one."""
    return None if linear.bias is None else embed(tape, linear.bias, f"{name}.bias")
