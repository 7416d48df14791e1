"""A product of 8 bits whose channels reach unlike far: each gets the step of how far it reaches by itself.

Before: y = DQ(x_u8) DQ(W_s8, s)               y in 8 bits, in one step
After:  y = (DQ(x_u8) DQ(W_s8, s / d)) * d     the product in 8 bits, y in 16; d (N) at most 1

The integers of the weight stay. Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and
Bias Correction", section 4.1, equalize channels between two layers; here sums and norms lie behind most of
them, so that the factor comes back at once. Behind MiniLM's feed-forward blocks one channel reaches up to 200
times as far as the median one, and one step for all left it a cosine of 0.87 to float.

Fewer steps are left of what a channel's samples do not reach. A recipe that says ``UNEQUALIZED`` leaves the
products of its places as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, embed, only_user, producer
from edgeattn_export.graph.rule import Emit, Replaced, Rule, rule
from edgeattn_export.quantize.forms.form import Rewrite
from edgeattn_export.quantize.forms.qdq.pair import is_stored
from edgeattn_export.quantize.layers.ranges import ChannelRange

LEAST_SHARE = 2**-8  # of the farthest channel's reach: 16 bits hold such a factor within 0.2 %
WORTHWHILE = 0.25  # of the mean squared step may be left: a bit is gained, for a product by channels

Floats = NDArray[np.float32]


# What a recipe says of products that are not to be equalized: it rewrites nothing itself.
UNEQUALIZED = Rewrite("unequalized products", frozenset(), lambda _: None, "product")


def is_narrow(node: ir.Node) -> bool:
    """Say whether a node is the product of a layer whose input is stored in 8 bits."""
    return node.op_type == "MatMul" and is_stored(node.inputs[0], ir.DataType.UINT8)


def equalizing(channels: ChannelRange) -> Floats | None:
    """Return what divides a product's channels, (N), or None where one step serves them about as well."""
    reach = np.maximum(np.abs(channels.low), np.abs(channels.high)).astype(np.float64)
    if not np.isfinite(reach).all() or not reach.any():
        return None
    divisor = np.maximum(reach / reach.max(), LEAST_SHARE)
    equal = (channels.high / divisor).max() - (channels.low / divisor).min()
    left = np.mean(np.square(equal * divisor))
    is_worthwhile = left < WORTHWHILE * np.square(np.float64(channels.high.max() - channels.low.min()))
    return divisor.astype(np.float32) if is_worthwhile else None


def equalized_product(ranges: Mapping[str, ChannelRange]) -> Rule:
    """Return the rule for products of these ranges, by the value's name; 0 lies between their ends."""

    @rule("equalized product", "MatMul")
    def equalize(node: ir.Node) -> Emit | None:
        """Match a product of 8 bits, unless its only reader is a layer that wants 8 bits again."""
        channels = ranges.get(node.outputs[0].name or "")
        weight = producer(node.inputs[1], "DequantizeLinear")
        reader = only_user(node.outputs[0])
        if channels is None or weight is None or not is_narrow(node):
            return None
        if reader is not None and reader.op_type == "QuantizeLinear":
            return None
        divisor = equalizing(channels)
        return None if divisor is None else partial(_equalized, node, weight, divisor)

    return equalize


def _equalized(product: ir.Node, weight: ir.Node, divisor: Floats, tape: Tape) -> Replaced:
    """Emit a product in equal channels, and these times what divides them."""
    old, scale = product.outputs[0], np.asarray(constant(weight.inputs[1]), np.float32)
    steps = embed(tape, scale / divisor, f"{old.name}.equalized_scale")
    equalized = tape.op("DequantizeLinear", [weight.inputs[0], steps], {"axis": 1})
    equal = tape.op("MatMul", [product.inputs[0], equalized])
    y = tape.op("Mul", [equal, embed(tape, divisor, f"{old.name}.divisor")])
    equalized.shape, equalized.type = weight.outputs[0].shape, weight.outputs[0].type
    for value in (equal, y):
        value.shape, value.type = old.shape, old.type
    return {old: y}
