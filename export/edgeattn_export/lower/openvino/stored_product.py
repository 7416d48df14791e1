"""A linear layer in static int8, as it stands in a graph in QDQ and as it is written there anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, is_constant, producer, split_constant
from edgeattn_export.graph.scopes import MODULE, module_of

COLUMNS = 1  # the axis of a weight's output channels
_WEIGHT_AND_SCALE = 2  # inputs of a DequantizeLinear without a zero point


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """``x @ (weight * scale) + bias``.

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

    def emit(self, tape: Tape, columns: slice = slice(None), factor: float = 1.0) -> ir.Value:
        """Emit some of its output's channels, multiplied by a number."""
        named = {MODULE: self.module}
        weight = _again(tape, self.weight, columns)
        scale = _again(tape, self.scale, columns, factor)
        stored = tape.op("DequantizeLinear", [weight, scale], {"axis": COLUMNS}, metadata_props=named)
        output = tape.op("MatMul", [self.x, stored], metadata_props=named)
        if self.bias is None:
            return output
        return tape.op("Add", [output, _again(tape, self.bias, columns, factor)], metadata_props=named)


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


def _again(tape: Tape, value: ir.Value, columns: slice, factor: float = 1.0) -> ir.Value:
    """Return a constant, or what of it is wanted."""
    array: NDArray[np.generic] | None = constant(value)
    if array is None:
        raise TypeError(f"{value.name}: not constant; a match lets only constants pass")
    if columns == slice(None) and factor == 1:
        return value
    part = np.ascontiguousarray(array[..., columns])
    part = part if factor == 1 else (part * factor).astype(array.dtype)
    name = value.name or ""
    return embed(tape, part, name if columns == slice(None) else f"{name}.{columns.start}")
