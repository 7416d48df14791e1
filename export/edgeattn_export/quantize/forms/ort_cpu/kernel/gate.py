"""Two products of one input, of which one gates the other, become one kernel.

Before: gelu(Int8Linear(x, W)) * Int8Linear(x, V)           each read by nothing else
After:  Int8Linear(x, [W; V]; activation="gelu", gate=1)    so with every activation, SwiGLU's too
Before: gelu(a) * b,  a, b = Split(Int8Linear(x, [W; V]))   or b, a
After:  the same

Shazeer 2020, "GLU Variants Improve Transformer".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, only_user, producer
from edgeattn_export.graph.rule import Emit, Refusal, Replaced, rule
from edgeattn_export.quantize.forms.ort_cpu.kernel.fusion import activated, is_over_channels, layer_behind
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import NONE, Int8Linear


@dataclass(frozen=True, slots=True)
class Factor:
    """A layer, or one half of its channels.

    Attributes:
        linear: The layer, with the activation of its product.
        half: Which of its channels: 0 or 1; None of a whole layer.
        split: What takes the layer's product apart; None where the whole of it is the factor.
    """

    linear: Int8Linear
    half: int | None = None
    split: ir.Node | None = None

    def rows(self, value: ir.Value | None) -> NDArray[np.generic]:
        """Return its rows of a constant that has one for each of the layer's channels."""
        array = constant(value)
        if array is None:
            raise TypeError("a layer's weight, scale and bias are constants")
        return array if self.half is None else np.split(array, 2)[self.half]


@rule("kernel gate", "Mul")
def kernel_gate(node: ir.Node) -> Emit | Refusal | None:
    """Match a product of two layers of one input; refuse those that one kernel cannot round alike."""
    factor, gate = (_factor(value, node) for value in node.inputs)
    if factor is not None and gate is not None and gate.linear.activation != NONE:
        factor, gate = gate, factor
    if factor is None or gate is None or gate.linear.activation != NONE:
        return None
    first, second = factor.linear, gate.linear
    if first.x is not second.x or first.rows != second.rows or factor.split is not gate.split:
        return None
    reason = _difference(first, second)
    return partial(_gated, factor, gate, node.outputs[0]) if reason is None else Refusal(reason)


def _gated(factor: Factor, gate: Factor, output: ir.Value, tape: Tape) -> Replaced:
    """Emit the node over the rows of both."""
    first, second = factor.linear, gate.linear

    def stacked(own: ir.Value, other: ir.Value | None) -> ir.Value:
        return embed(tape, np.concatenate([factor.rows(own), gate.rows(other)]), f"{own.name}.gated")

    gated = replace(
        first,
        weight=stacked(first.weight, second.weight),
        scale=stacked(first.scale, second.scale),
        bias=None if first.bias is None else stacked(first.bias, second.bias),
        gate=1,
    )
    return {output: gated.emit(tape)[0]}


def _factor(value: ir.Value | None, product: ir.Node) -> Factor | None:
    """Return the layer, or the half of one, that makes a value only for a product."""
    linear = layer_behind(value, product)
    if value is None or linear is not None or only_user(value) is not product:
        return None if linear is None or linear.is_finished else Factor(linear)
    activation = activated(value.producer())
    half, name = (value, NONE) if activation is None else activation
    split = producer(half, "Split")
    linear = None if split is None else layer_behind(split.inputs[0], split)
    if split is None or linear is None or linear.is_finished or linear.activation != NONE:
        return None
    is_half = dims(half)[-1:] == (linear.rows / 2,)
    if len(split.outputs) != 2 or not is_half or not is_over_channels(split, 0):
        return None
    return Factor(replace(linear, activation=name), split.outputs.index(half), split)


def _difference(first: Int8Linear, second: Int8Linear) -> str | None:
    """Say why two layers cannot be one."""
    if first.smoothing is not second.smoothing:
        return "the layer and its gate smooth their input by different factors"
    if (first.rounding, first.bits, first.block_size) != (second.rounding, second.bits, second.block_size):
        return "the layer and its gate have different forms"
    if (first.bias is None) != (second.bias is None):
        return "of the layer and its gate one has a bias and one has none"
    if any(len(tuple(each.weight.uses())) > 1 for each in (first, second)):
        return "the layer or its gate shares its weight with another layer"
    return None
