"""A linear layer in dynamic int8: weights s8 with one scale a channel, activations u8 with one scale a call.

Before: x W + b                                       float32
After:  DynamicQuantizeMatMul(x, W_s8, scale, , b)    the bias is added inside the operator, in float
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.fuse.apply import MICROSOFT
from edgeattn_export.fuse.dataflow import constant, dims, embed, is_constant, only_user, producer
from edgeattn_export.quantize.affine import quantize_along
from edgeattn_export.scopes import module_of
from edgeattn_runtime.errors import QuantizeError


@dataclass(frozen=True, slots=True)
class Match:
    """``output = x @ weight + bias``: weight (D, N), or (N, D) where it is transposed; bias (N) or None."""

    x: ir.Value
    weight: ir.Value
    transposed: bool
    bias: ir.Value | None
    output: ir.Value
    module: str


class LinearInt8:
    """Makes MatMul and Gemm with constant weights dynamic int8."""

    name = "int8"
    roots = frozenset({"MatMul", "Gemm"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a product with a constant matrix, and the addition of a constant bias behind it."""
        x, weight = node.inputs[:2]
        if x is None or weight is None:
            return None
        match = _gemm(node, x, weight) if node.op_type == "Gemm" else _matmul(node, x, weight)
        if match is None or not is_constant(match.weight) or len(dims(match.weight)) != 2:
            return None
        return match if match.weight.dtype is ir.DataType.FLOAT else None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the operator with its int8 weights.

        Raises:
            QuantizeError: The weights hold a NaN or an infinity.
        """
        weight = _float32(match.weight)
        try:
            stored, scale = quantize_along(weight.T if match.transposed else weight, axis=0)  # (D, N), (1, N)
        except ValueError as error:
            raise QuantizeError(
                f"layer {match.module!r}: its weight {error}; expected finite numbers; check its training"
            ) from error
        name = match.weight.name
        inputs = [
            match.x,
            embed(tape, np.ascontiguousarray(stored), f"{name}.int8"),
            embed(tape, scale[0], f"{name}.scale"),
            None,
            match.bias,
        ]
        return {match.output: tape.op("DynamicQuantizeMatMul", inputs, domain=MICROSOFT)}


def _gemm(node: ir.Node, x: ir.Value, weight: ir.Value) -> Match | None:
    attributes = node.attributes
    plain = attributes.get_float("alpha", 1.0) == 1 and attributes.get_float("beta", 1.0) == 1
    bias, output = node.inputs[2] if len(node.inputs) > 2 else None, node.outputs[0]
    if not plain or attributes.get_int("transA") or (bias is not None and not _is_bias(bias, output)):
        return None
    return Match(x, weight, bool(attributes.get_int("transB", 0)), bias, output, module_of(node))


def _matmul(node: ir.Node, x: ir.Value, weight: ir.Value) -> Match:
    product = node.outputs[0]
    # The exporter folds the transpose of a linear layer's weight, but not where several layers share it.
    transpose = producer(weight, "Transpose")
    source = transpose.inputs[0] if transpose is not None else None
    weight, transposed = (weight, False) if source is None else (source, True)
    add = only_user(product)
    if add is not None and add.op_type == "Add":
        bias = add.inputs[1] if add.inputs[0] is product else add.inputs[0]
        if bias is not None and _is_bias(bias, product):
            return Match(x, weight, transposed, bias, add.outputs[0], module_of(node))
    return Match(x, weight, transposed, None, product, module_of(node))


def _is_bias(value: ir.Value, product: ir.Value) -> bool:
    return is_constant(value) and dims(value) == dims(product)[-1:]


def _float32(value: ir.Value) -> NDArray[np.float32]:
    known = constant(value)
    if known is None:
        raise TypeError(f"{value.name}: not constant; check lets only constants pass")
    return known.astype(np.float32, copy=False)
