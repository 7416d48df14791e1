"""The operators by which onnxruntime's CPU kernels multiply u8 activations and s8 weights."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT

Weight = tuple[ir.Value, ir.Value]  # int8 (D, N), and its scales (N)


def int8_product(tape: Tape, x: ir.Value, weight: Weight, bias: ir.Value | None = None) -> ir.Value:
    """Record the operator that quantizes its input in every call."""
    return tape.op("DynamicQuantizeMatMul", [x, *weight, None, bias], domain=MICROSOFT)


def quantized_product(
    tape: Tape, x: Sequence[ir.Value], weight: Weight, bias: ir.Value | None = None
) -> ir.Value:
    """Record the operator that takes an input which is quantized already: u8, its step and its zero."""
    (stored, step, zero), (stored_weight, scale) = x, weight
    inputs = [stored, stored_weight, step, scale, zero, None, bias]
    return tape.op("MatMulIntegerToFloat", inputs, domain=MICROSOFT)
