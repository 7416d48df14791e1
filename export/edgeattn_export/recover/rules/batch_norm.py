"""A batch norm of a linear layer's rows is part of the layer: in eval mode it scales and shifts by constants.

Before: BatchNormalization(Reshape(MatMul(x, w) + b, (B*S, N)), gain, shift, mean, variance)
After:  Reshape(MatMul(x, w * s) + (b - mean) * s + shift, (B*S, N))       s = gain / Sqrt(variance + epsilon)

The exporter folds a norm into a convolution, but not behind a Reshape, as in LeViT.

Ioffe and Szegedy 2015, "Batch Normalization", section 3.1: at inference it is a linear transform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import (
    constant,
    dims,
    embed,
    is_constant,
    only_user,
    producer,
    split_constant,
)
from edgeattn_export.graph.scopes import MODULE, module_of

EPSILON = 1e-5  # the operator's default

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """``output = reshape(product, + bias) * scale + shift``.

    Attributes:
        product: Of a value and a constant matrix (D, N).
        bias: (N) numbers that are added to it, or None.
        reshape: Lays its rows out as (B S, N); None where they lie so.
        scale: (N)
        shift: (N)
        output: Of the norm.
    """

    product: ir.Node
    bias: ir.Value | None
    reshape: ir.Node | None
    scale: Floats
    shift: Floats
    output: ir.Value


class FoldBatchNorm:
    """Folds a batch norm into the linear layer before it."""

    name = "batch norm"
    roots = frozenset({"BatchNormalization"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a norm (rows, N) by constants, behind a product that nothing else reads."""
        source, *parameters = node.inputs[:5]
        arrays = [constant(value) for value in parameters]
        is_trained = not node.attributes.get_int("training_mode", 0)
        if not is_trained or source is None or len(dims(source)) != 2 or any(each is None for each in arrays):
            return None
        gain, shift, mean, variance = (np.asarray(value, np.float32) for value in arrays)
        reshape = producer(source, "Reshape")
        rows = source if reshape is None else reshape.inputs[0]
        linear = _linear(rows, node if reshape is None else reshape)
        if linear is None or only_user(source) is not node or dims(rows)[-1:] != (len(gain),):
            return None
        scale = gain / np.sqrt(variance + np.float32(node.attributes.get_float("epsilon", EPSILON)))
        return Match(*linear, reshape, scale, shift - mean * scale, node.outputs[0])

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the layer with other numbers."""
        x, weight = match.product.inputs
        name = weight.name if weight is not None else "weight"
        bias = 0 if match.bias is None else np.asarray(constant(match.bias), np.float32)
        folded = np.asarray(constant(weight), np.float32) * match.scale  # (D, N)
        product = tape.op("MatMul", [x, embed(tape, folded, f"{name}.folded")])
        output = tape.op("Add", [product, embed(tape, bias * match.scale + match.shift, f"{name}.shift")])
        for value in (product, output):
            value.type, value.shape = match.product.outputs[0].type, match.product.outputs[0].shape
        if match.reshape is not None:
            inputs, attributes = [output, match.reshape.inputs[1]], dict(match.reshape.attributes)
            output = tape.op("Reshape", inputs, attributes)  # (B S, N)
        for node in tape.nodes:
            node.metadata_props[MODULE] = module_of(match.product)
        return {match.output: output}


def _linear(value: ir.Value | None, user: ir.Node) -> tuple[ir.Node, ir.Value | None] | None:
    """Return the product that makes a value for one user alone, and its bias."""
    if value is None or only_user(value) is not user:
        return None
    add = producer(value, "Add")
    inner, bias = (value, None) if add is None else split_constant(add)
    product = producer(inner, "MatMul")
    if product is None or (add is not None and only_user(product.outputs[0]) is not add):
        return None
    weight = product.inputs[1]
    is_linear = is_constant(weight) and len(dims(weight)) == 2
    return (product, bias) if is_linear and (bias is None or len(dims(bias)) == 1) else None
