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

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import dims, embed
from edgeattn_export.graph.rule import Refusal

EPSILON = 1e-5  # the operator's own, where it names none


@dataclass(frozen=True, slots=True)
class Match:
    """``output = normalized x * scale + bias``, by groups of channels."""

    x: ir.Value
    scale: ir.Value
    bias: ir.Value
    groups: int
    epsilon: float
    output: ir.Value


class DecomposeGroupNormalization:
    """Writes the normalization of groups as one of instances."""

    name = "decomposed group normalization"
    roots = frozenset({"GroupNormalization"})

    def check(self, node: ir.Node) -> Match | Refusal | None:
        """Match the standard operator; refuse an input of unknown rank, and any dtype but float32."""
        x, scale, bias = node.inputs
        if node.domain or x is None or scale is None or bias is None:
            return None
        if len(dims(x)) < 2:
            return Refusal("the rank of its input is not known")
        if scale.dtype is not ir.DataType.FLOAT:  # all three are of one dtype
            found = "an unknown dtype" if scale.dtype is None else scale.dtype.name.lower()
            return Refusal(f"it is of {found}; InstanceNormalization has a kernel for float32 only")
        epsilon = node.attributes.get_float("epsilon", EPSILON)
        groups = node.attributes.get_int("num_groups")
        return Match(x, scale, bias, groups, epsilon, node.outputs[0]) if groups else None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the instances, and the scale and bias of the channels."""
        attributes = {"epsilon": match.epsilon}
        rank = len(dims(match.x))
        if dims(match.x)[1] == match.groups and rank > 2:
            normalized = tape.op("InstanceNormalization", [match.x, match.scale, match.bias], attributes)
            return {match.output: normalized}
        by_group = embed(tape, np.array([0, match.groups, -1], np.int64), "group_norm.groups")
        instances = tape.op("Reshape", [match.x, by_group])  # (N, G, C / G * ...)
        ones, zeros = (
            embed(tape, np.full(match.groups, number, np.float32), f"group_norm.{name}")
            for name, number in (("ones", 1), ("zeros", 0))
        )
        normalized = tape.op("InstanceNormalization", [instances, ones, zeros], attributes)
        whole = tape.op("Reshape", [normalized, tape.op("Shape", [match.x])])  # (N, C, ...)
        axes = embed(tape, np.arange(1, rank - 1), "group_norm.axes")
        scale, bias = (
            tape.op("Unsqueeze", [value, axes]) if rank > 2 else value for value in (match.scale, match.bias)
        )  # (C, 1, ...)
        return {match.output: tape.op("Add", [tape.op("Mul", [whole, scale]), bias])}


def decompose_group_norms(model: ir.Model) -> None:
    """Write every group normalization by instances, in place; one that cannot be stays."""
    apply(DecomposeGroupNormalization(), model)
