"""Projections that were merged into one int8 product part again: OpenVINO copies what a Split deals.

Before: Split(MatMul(x, DQ([W1 W2], [s1 s2])) + [b1 b2])          x = DQ(Q(...))
After:  MatMul(x, DQ(W1, s1)) + b1, MatMul(x, DQ(W2, s2)) + b2

The same integers and the same additions; the input is quantized once, as before. MiniLM, one thread of an AMD
EPYC, milliseconds of processor time: 12.7 become 12.4 for 128 tokens, 2.85 become 2.75 for 16.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import (
    constant,
    dims,
    embed,
    is_constant,
    only_user,
    operand,
    producer,
    split_constant,
)
from edgeattn_export.graph.rule import Emit, rule
from edgeattn_export.graph.scopes import MODULE, module_of

COLUMNS = 1  # the axis of a weight's output channels
_WEIGHT_AND_SCALE = 2  # inputs of a DequantizeLinear without a zero point


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """A linear layer in static int8, as QDQ writes it: ``x @ (weight * scale) + bias``.

    Attributes:
        x: The input, as it comes out of its integers.
        weight: (D, N) int8.
        scale: (N)
        bias: (N), or None.
        module: The PyTorch module that it came from.
    """

    x: ir.Value
    weight: ir.Value
    scale: ir.Value
    bias: ir.Value | None
    module: str

    def emit(self, tape: Tape, columns: slice) -> ir.Value:
        """Emit some of its output's channels."""
        named = {MODULE: self.module}
        parts = [_columns(tape, self.weight, columns), _columns(tape, self.scale, columns)]
        stored = tape.op("DequantizeLinear", parts, {"axis": COLUMNS}, metadata_props=named)
        output = tape.op("MatMul", [self.x, stored], metadata_props=named)
        if self.bias is None:
            return output
        return tape.op("Add", [output, _columns(tape, self.bias, columns)], metadata_props=named)


def stored_product(output: ir.Value | None) -> StoredProduct | None:
    """Return the layer that makes a value, its bias included; None where none does."""
    add = producer(output, "Add")
    product, bias = (output, None) if add is None else split_constant(add)
    node = producer(product, "MatMul")
    stored = producer(node.inputs[1], "DequantizeLinear") if node is not None else None
    if node is None or stored is None or len(stored.inputs) != _WEIGHT_AND_SCALE:
        return None
    x, (weight, scale) = node.inputs[0], stored.inputs
    if x is None or weight is None or scale is None or producer(x, "DequantizeLinear") is None:
        return None
    by_channel = (
        len(dims(weight)) == 2
        and dims(scale) == dims(weight)[1:]
        and stored.attributes.get_int("axis", COLUMNS) in (COLUMNS, -1)
    )
    if not by_channel or not (is_constant(weight) and is_constant(scale)):
        return None
    if bias is not None and dims(bias) != dims(scale):
        return None
    return StoredProduct(x, weight, scale, bias, module_of(node))


def _columns(tape: Tape, value: ir.Value, columns: slice) -> ir.Value:
    """Return some columns of a constant."""
    array = np.asarray(constant(value))
    return embed(tape, np.ascontiguousarray(array[..., columns]), f"{value.name}.{columns.start}")


@rule("parted product", "Split")
def part_product(node: ir.Node) -> Emit | None:
    """Match a Split of the channels of an int8 product, which nothing else reads."""
    merged, sizes = node.inputs[0], constant(operand(node, 1))
    product = stored_product(merged)
    if merged is None or product is None or sizes is None or only_user(merged) is not node:
        return None
    if node.attributes.get_int("axis", 0) not in (-1, len(dims(merged)) - 1):
        return None
    starts = [0, *np.cumsum(sizes).tolist()]
    return lambda tape: {
        output: product.emit(tape, slice(start, end))
        for output, (start, end) in zip(node.outputs, pairwise(starts), strict=True)
    }
