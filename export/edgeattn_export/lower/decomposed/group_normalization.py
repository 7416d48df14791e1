"""Group normalization by the normalization of each group as one instance.

Before: GroupNormalization(x; scale, bias)                                  x (N, C, ...), in G groups
After:  Reshape(InstanceNormalization(Reshape(x, (N, G, -1)); 1, 0), x's dims) * scale + bias
        InstanceNormalization(x; scale, bias)                               where each channel is a group

The standard defines the operator by a function of others, which takes the variance as E[x^2] - E[x]^2, and
onnxruntime has no kernel of its own: for a constant of 40 the difference is often below -epsilon, and the
answer NaN; at a mean of 1000 deviations one digit is left. The instances' kernel subtracts the mean first.
Wu and He 2018, "Group Normalization", section 3. docs/operators.md lists all such functions.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import dims, embed
from edgeattn_export.graph.rule import Emit, Refusal, Replaced, rule

EPSILON = 1e-5  # the operator's own, where it names none


@rule("decomposed group normalization", "GroupNormalization")
def decompose_group_normalization(node: ir.Node) -> Emit | Refusal | None:
    """Match the standard operator; refuse an input of unknown rank, and any dtype but float32."""
    x, scale, bias = node.inputs
    groups = node.attributes.get_int("num_groups")
    if node.domain or scale is None or not groups:
        return None
    sizes = dims(x)
    if len(sizes) < 2:
        return Refusal("the rank of its input is not known")
    if scale.dtype is not ir.DataType.FLOAT:  # all three are of one dtype
        found = "an unknown dtype" if scale.dtype is None else scale.dtype.name.lower()
        return Refusal(f"it is of {found}; InstanceNormalization has a kernel for float32 only")
    epsilon = {"epsilon": node.attributes.get_float("epsilon", EPSILON)}

    def emit(tape: Tape) -> Replaced:
        if sizes[1] == groups and len(sizes) > 2:
            return {node.outputs[0]: tape.op("InstanceNormalization", [x, scale, bias], epsilon)}
        by_group = embed(tape, np.array([0, groups, -1], np.int64), "group_norm.groups")
        instances = tape.op("Reshape", [x, by_group])  # (N, G, C / G * ...)
        ones, zeros = (
            embed(tape, np.full(groups, number, np.float32), f"group_norm.{name}")
            for name, number in (("ones", 1), ("zeros", 0))
        )
        normalized = tape.op("InstanceNormalization", [instances, ones, zeros], epsilon)
        whole = tape.op("Reshape", [normalized, tape.op("Shape", [x])])  # (N, C, ...)
        axes = embed(tape, np.arange(1, len(sizes) - 1), "group_norm.axes")
        factor, shift = (
            tape.op("Unsqueeze", [value, axes]) if len(sizes) > 2 else value for value in (scale, bias)
        )  # (C, 1, ...)
        return {node.outputs[0]: tape.op("Add", [tape.op("Mul", [whole, factor]), shift])}

    return emit


def decompose_group_norms(model: ir.Model) -> None:
    """Write every group normalization by instances, in place; one that cannot be stays."""
    apply(decompose_group_normalization, model)
