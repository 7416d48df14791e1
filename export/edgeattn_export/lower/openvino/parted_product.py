"""Projections that were merged into one int8 product part again: OpenVINO copies what a Split deals.

Before: Split(MatMul(x, DQ([W1 W2], [s1 s2])) + [b1 b2])          x = DQ(Q(...))
After:  MatMul(x, DQ(W1, s1)) + b1, MatMul(x, DQ(W2, s2)) + b2

The same integers and the same additions; the input is quantized once, as before. MiniLM, one thread of an AMD
EPYC, milliseconds of processor time: 12.7 become 12.4 for 128 tokens, 2.85 become 2.75 for 16.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
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
    x, stored = (
        (None, None) if node is None else (node.inputs[0], producer(node.inputs[1], "DequantizeLinear"))
    )
    if node is None or stored is None or producer(x, "DequantizeLinear") is None:
        return None
    weight, scale = stored.inputs[:_WEIGHT_AND_SCALE]
    if x is None or weight is None or scale is None or not (is_constant(weight) and is_constant(scale)):
        return None
    is_symmetric = len(stored.inputs) == _WEIGHT_AND_SCALE
    by_channel = (
        len(dims(weight)) == 2
        and dims(scale) == dims(weight)[1:]
        and stored.attributes.get_int("axis", COLUMNS) in (COLUMNS, -1)
    )
    if not is_symmetric or not by_channel or (bias is not None and dims(bias) != dims(scale)):
        return None
    return StoredProduct(x, weight, scale, bias, module_of(node))


def _columns(tape: Tape, value: ir.Value, columns: slice) -> ir.Value:
    """Return some columns of a constant."""
    array = constant(value)
    if array is None:
        raise TypeError(f"{value.name}: not constant; a match lets only constants pass")
    return embed(tape, np.ascontiguousarray(array[..., columns]), f"{value.name}.{columns.start}")


@dataclass(frozen=True, slots=True)
class Match:
    """``outputs`` are the channels of ``product``, so many each."""

    product: StoredProduct
    sizes: tuple[int, ...]
    outputs: tuple[ir.Value, ...]


class PartedProduct:
    """Gives each part of an int8 product its own weight."""

    name = "parted product"
    roots = frozenset({"Split"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a Split of the channels of an int8 product, which nothing else reads."""
        merged, sizes = (*node.inputs, None)[:2]
        product, part_sizes = stored_product(merged), constant(sizes)
        if merged is None or product is None or part_sizes is None or only_user(merged) is not node:
            return None
        if node.attributes.get_int("axis", 0) not in (-1, len(dims(merged)) - 1):
            return None
        return Match(product, tuple(int(size) for size in part_sizes), tuple(node.outputs))

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit each part's product."""
        ends = np.cumsum(match.sizes).tolist()
        return {
            output: match.product.emit(tape, slice(end - size, end))
            for output, size, end in zip(match.outputs, match.sizes, ends, strict=True)
        }
