"""Attention over a cache in int8 by edgeattn's own kernel; where that is not installed, as it stands.

Before: Attention(q, float(k) * k_scale, float(v) * v_scale, mask)
After:  edgeattn.Int8Attention(q, k, k_scale, v, v_scale, mask)     its body what was before

The kernel reads a quarter of the bytes, and writes no keys or values in float. Up to four queries that share
keys are rounded to 16 bits, each over its own range: a score's error by that is bounded by 1/258 of what the
rounding of the keys adds.
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import producer
from edgeattn_export.graph.functions import DOMAIN, function_of
from edgeattn_export.graph.rule import Emit, Replaced
from edgeattn_export.quantize.forms.form import rewrite

OP_TYPE = "Int8Attention"
INPUTS = ("q", "k", "k_scale", "v", "v_scale", "mask")
COVERED = frozenset({"scale", "softcap"})
KEY, VALUE, MASK = 1, 2, 3  # an Attention's operands
BY_HEAD = 4  # rank of a query (batch, heads, new, size)


@rewrite("kernel int8 attention", "attention", "Attention")
def kernel_int8_attention(node: ir.Node) -> Emit | None:
    """Match an attention by heads over keys and values that are restored from int8."""
    query, *_ = node.inputs
    few = node.attributes.keys() <= COVERED and len(node.inputs) <= MASK + 1 and len(node.outputs) == 1
    if node.domain or not few or query is None or len(query.shape or ()) != BY_HEAD:
        return None
    keys, values = (_rows_of(node.inputs[operand]) for operand in (KEY, VALUE))
    if keys is None or values is None:
        return None
    inputs = (query, *keys, *values, *node.inputs[MASK:])

    def emit(tape: Tape) -> Replaced:
        attributes, overload = dict(node.attributes), _overload(node, masked=len(inputs) == len(INPUTS))
        return {node.outputs[0]: tape.op(OP_TYPE, inputs, attributes, domain=DOMAIN, overload=overload)}

    return emit


def int8_attention_body(node: ir.Node, opset: int) -> ir.Function:
    """Return what an engine without the kernel runs: rows restored, and the standard operator."""
    parameters = tuple(ir.Value(name=name) for name in INPUTS)
    query, keys, key_scale, values, value_scale, mask = parameters
    tape = Tape()
    restored = [
        tape.op("Mul", [tape.op("Cast", [rows], {"to": ir.DataType.FLOAT}), scale])
        for rows, scale in ((keys, key_scale), (values, value_scale))
    ]
    masks = [mask] if len(node.inputs) == len(INPUTS) else []
    output = tape.op("Attention", [query, *restored, *masks], node.attributes)
    output.name = "y"
    return function_of(node, parameters, [output], tape, opset)


def _rows_of(value: ir.Value | None) -> tuple[ir.Value, ir.Value] | None:
    """Return rows in int8 and their scales, of which a value is the product."""
    product = producer(value, "Mul")
    cast = producer(product.inputs[0], "Cast") if product is not None else None
    if product is None or cast is None:
        return None
    rows, scale = cast.inputs[0], product.inputs[1]
    if rows is None or scale is None or rows.dtype is not ir.DataType.INT8:
        return None
    return rows, scale


def _overload(node: ir.Node, *, masked: bool) -> str:
    """Return the name of a node's body: its attributes, and whether a mask is given."""
    attributes = (f"{name}={each.value:.9g}" for name, each in sorted(node.attributes.items()))
    return "_".join([*attributes, "masked" if masked else "unmasked"])
