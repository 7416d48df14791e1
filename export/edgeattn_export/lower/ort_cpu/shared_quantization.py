"""Linear layers of one input quantize it once; those that were merged into one product part again.

Before: DynamicQuantizeMatMul(x, W1), DynamicQuantizeMatMul(x, W2)
        Split(DynamicQuantizeMatMul(x, [W1 W2]))
After:  q, s, z = DynamicQuantizeLinear(x)
        MatMulIntegerToFloat(q, W1, s, z), MatMulIntegerToFloat(q, W2, s, z)

The same integers and the same additions: not a bit of the answer changes. Merged query, key and value, 384
wide, with their attention, one core: 61.5 us become 59.6 for 16 tokens, 629 become 611 for 128, and 21.4 stay
21.4 for 1, as a Split copies all that the product has written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import constant, dims, embed, is_constant, only_user, operand
from edgeattn_export.graph.rule import Emit, Replaced, rule
from edgeattn_export.graph.scopes import MODULE, module_of

X, WEIGHT, SCALE, ZERO_POINT, BIAS = range(5)  # inputs of DynamicQuantizeMatMul


@dataclass(frozen=True, slots=True)
class Part:
    """``output = x @ weight[:, columns] * scale[columns] + bias[columns]``."""

    product: ir.Node
    columns: slice
    output: ir.Value


@rule("shared quantization", "DynamicQuantizeMatMul")
def share_quantization(node: ir.Node) -> Emit | None:
    """Match all products of the node's input, unless they are one."""
    x = node.inputs[X]
    if x is None or not any(_parts(node)):
        return None
    parts = [part for user in dict.fromkeys(use.node for use in x.uses()) for part in _parts(user)]
    if len(parts) < 2:
        return None

    def emit(tape: Tape) -> Replaced:
        quantized = tape.op_multi_out("DynamicQuantizeLinear", [x], num_outputs=3)
        return {part.output: _product(tape, part, *quantized) for part in parts}

    return emit


def _parts(node: ir.Node) -> Iterator[Part]:
    """Yield the parts that are used: what an earlier rewrite has replaced still stands in the graph."""
    if _is_product(node):
        yield from (part for part in _all_parts(node) if part.output.uses() or part.output.is_graph_output())


def _is_product(node: ir.Node) -> bool:
    parameters = [operand(node, index) for index in (WEIGHT, SCALE, BIAS)]
    return (
        node.op_type == "DynamicQuantizeMatMul"
        and operand(node, ZERO_POINT) is None
        and all(value is None or is_constant(value) for value in parameters)
    )


def _all_parts(product: ir.Node) -> Iterator[Part]:
    split = only_user(product.outputs[0])
    sizes = _sizes(split) if split is not None and split.op_type == "Split" else None
    if split is None or sizes is None:
        yield Part(product, slice(None), product.outputs[0])
        return
    ends = np.cumsum(sizes).tolist()
    for end, size, output in zip(ends, sizes, split.outputs, strict=True):
        yield Part(product, slice(end - size, end), output)


def _sizes(split: ir.Node) -> list[int] | None:
    """Return how a Split deals the last axis, or None where it deals another, or its sizes are not known."""
    sizes = constant(operand(split, 1))
    if sizes is None or split.attributes.get_int("axis", 0) not in (-1, len(dims(split.inputs[0])) - 1):
        return None
    return [int(size) for size in sizes]


def _product(tape: Tape, part: Part, quantized: ir.Value, scale: ir.Value, zero_point: ir.Value) -> ir.Value:
    weight, scales, bias = (_columns(tape, part, index) for index in (WEIGHT, SCALE, BIAS))
    inputs = [quantized, weight, scale, scales, zero_point, None, bias]
    named = {MODULE: module_of(part.product)}
    return tape.op("MatMulIntegerToFloat", inputs, domain=MICROSOFT, metadata_props=named)


def _columns(tape: Tape, part: Part, index: int) -> ir.Value | None:
    value = operand(part.product, index)
    array = constant(value)
    if value is None or array is None or array.ndim == 0 or part.columns == slice(None):
        return value
    name = f"{value.name}.{part.columns.start}"
    return embed(tape, np.ascontiguousarray(array[..., part.columns]), name)
