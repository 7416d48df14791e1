"""Attention by edgeattn's own kernel; where that is not installed, by the standard operator.

Before: Attention(q, k, v, ...)
After:  edgeattn.Attention(q, k, v, ...)     the same inputs and attributes; its body the standard one

Before: Attention(Split(qkv), ...)           in three equal parts, of rank 3
After:  edgeattn.Attention(qkv, , , ...)     the kernel reads them as they lie; its body what was before

The kernel sums in another order, so a recipe names it and is proven with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, only_user, producer
from edgeattn_export.graph.functions import DOMAIN, function_of
from edgeattn_export.graph.rule import Emit, Replaced
from edgeattn_export.quantize.forms.form import rewrite

OP_TYPE = "Attention"
INPUTS = ("q", "k", "v", "mask", "past_key", "past_value")  # q is all three where k and v are left out
PARTS = 3  # query, key and value side by side
BY_ROW = 3  # rank of what is packed: (batch, length, parts * heads * size)
OUTPUTS = ("y", "present_key", "present_value")
COVERED = frozenset({"is_causal", "q_num_heads", "kv_num_heads", "scale", "softcap"})
OF_FOURTH_OUTPUT = frozenset({"qk_matmul_output_mode"})  # which a covered node has not


@rewrite("kernel attention", "attention", OP_TYPE)
def kernel_attention(node: ir.Node) -> Emit | None:
    """Match a standard attention of covered attributes, inputs and outputs."""
    covered = node.attributes.keys() <= COVERED | OF_FOURTH_OUTPUT
    few = len(node.inputs) <= len(INPUTS) and len(node.outputs) <= len(OUTPUTS)

    def emit(tape: Tape) -> Replaced:
        packed = _packed(node)
        inputs = node.inputs if packed is None else (packed, None, None, *node.inputs[PARTS:])
        outputs = tape.op_multi_out(
            OP_TYPE,
            inputs,
            {name: attribute for name, attribute in node.attributes.items() if name in COVERED},
            num_outputs=len(node.outputs),
            domain=DOMAIN,
            overload=_overload(inputs, node),
        )
        return dict(zip(node.outputs, outputs, strict=True))

    return emit if covered and few and not node.domain else None


def attention_body(node: ir.Node, opset: int) -> ir.Function:
    """Return the function that an engine without the kernel runs: the standard operator."""
    parameters = {name: ir.Value(name=name) for name in INPUTS}
    given = zip(parameters.values(), node.inputs, strict=False)
    inputs = [parameter if value is not None else None for parameter, value in given]
    tape = Tape()
    if all(value is None for value in inputs[1:PARTS]):
        split = {"axis": -1, "num_outputs": PARTS}
        inputs[:PARTS] = tape.op_multi_out("Split", inputs[:1], split, num_outputs=PARTS)
    outputs = tape.op_multi_out(OP_TYPE, inputs, node.attributes, num_outputs=len(node.outputs))
    for output, name in zip(outputs, OUTPUTS, strict=False):
        output.name = name
    return function_of(node, tuple(parameters.values()), outputs, tape, opset)


def _packed(node: ir.Node) -> ir.Value | None:
    """Return the rows that a Split divides only for a node, into what it reads, or None.

    The kernel finds query, key and value by their heads, of one size. Those of query and key always are;
    those of the value are where the parts are equal.
    """
    parts = node.inputs[:PARTS]
    split = producer(parts[0], "Split")
    if split is None or tuple(split.outputs) != parts or any(only_user(part) is not node for part in parts):
        return None
    rank = len(split.outputs[0].shape or ())
    axis = split.attributes.get_int("axis", 0)
    by_row = rank == BY_ROW and axis in (-1, rank - 1)
    return split.inputs[0] if by_row and _is_equal(split) else None


def _is_equal(split: ir.Node) -> bool:
    """Say whether a Split's parts are of one size."""
    if len(split.inputs) == 1:
        return True
    sizes = constant(split.inputs[1])
    return sizes is not None and len(np.unique(sizes)) == 1


def _overload(inputs: Sequence[ir.Value | None], node: ir.Node) -> str:
    """Return the name of a node's body: its attributes, the inputs that are given, and how many outputs."""
    attributes = (
        f"{name}={attribute.value:.9g}"
        for name, attribute in sorted(node.attributes.items())
        if name in COVERED
    )
    given = (name for name, value in zip(INPUTS, inputs, strict=False) if value is not None)
    return "_".join([*given, *attributes, str(len(node.outputs))])
