"""Operators around a layer go into its kernel: without the kernel no bit changes, with it a pass is spared.

Before: Int8Linear(x * s, W)                      s constant, (K), for this layer alone
After:  Int8Linear(x, W; smoothing=s)
Before: gelu(Int8Linear(x, W))                    read by nothing else
After:  Int8Linear(x, W; activation="gelu")       so with its tanh form, ReLU, tanh, and x * sigmoid(x)
Before: Int8Linear(x, W) + r                      r of the output's dims; the product read by nothing else
After:  Int8Linear(x, W, r)
Before: LayerNormalization(Int8Linear(x, W))      over the channels
After:  Int8Linear(x, W; norm="layer")            so with RMSNormalization

What else reads the product before a norm, as the residual branch of a block with its norm ahead does, reads
the node's second output, ``sum``. The node's body holds the same operators in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import (
    axis_of,
    dims,
    is_constant,
    only_user,
    producer,
    same_dims,
    split_constant,
)
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import (
    EPSILON,
    NONE,
    NORMS,
    OP_TYPE,
    Int8Linear,
)

_NORM_NAMES = {op_type: name for name, op_type in NORMS.items()}


@dataclass(frozen=True, slots=True)
class Match:
    """A node as it is to be, and the values that its outputs replace."""

    linear: Int8Linear
    outputs: tuple[ir.Value, ...]


class _Fusion:
    """Writes the one node."""

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the node."""
        return dict(zip(match.outputs, match.linear.emit(tape), strict=True))


class KernelSmoothing(_Fusion):
    """Takes a product with one number a channel into the node behind it."""

    name = "kernel smoothing"
    roots = frozenset({OP_TYPE})

    def check(self, node: ir.Node) -> Match | None:
        """Match a node whose input is multiplied for it alone."""
        linear = Int8Linear.of(node)
        product = None if linear is None else producer(linear.x, "Mul")
        if linear is None or product is None or linear.smoothing is not None:
            return None
        x, factor = split_constant(product)
        is_own = only_user(linear.x) is node and dims(factor) == (linear.width,)
        return Match(replace(linear, x=x, smoothing=factor), tuple(node.outputs)) if x and is_own else None


class KernelActivation(_Fusion):
    """Takes an activation into the layer before it."""

    name = "kernel activation"
    roots = frozenset({"Gelu", "Relu", "Tanh", "Mul"})

    def check(self, node: ir.Node) -> Match | None:
        """Match an activation of a layer behind which nothing is fused yet."""
        value, name = activated(node) or (None, NONE)
        linear = layer_of(value)
        if linear is None or linear.activation != NONE or linear.is_finished:
            return None
        return Match(replace(linear, activation=name), tuple(node.outputs))


class KernelResidual(_Fusion):
    """Takes the addition of a value of the same dims into the layer before it."""

    name = "kernel residual"
    roots = frozenset({"Add", "Sum"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a sum of a layer's output and one other value."""
        if len(node.inputs) != 2:
            return None
        first, second = node.inputs
        for value, other in ((second, first), (first, second)):
            linear = layer_behind(value, node)
            if linear is None or linear.residual is not None or other is None or is_constant(other):
                continue
            if same_dims(dims(other), dims(node.outputs[0])):
                return Match(replace(linear, residual=other), tuple(node.outputs))
        return None


class KernelNorm(_Fusion):
    """Takes a norm into the layer before it."""

    name = "kernel norm"
    roots = frozenset(_NORM_NAMES)

    def check(self, node: ir.Node) -> Match | None:
        """Match a norm over a layer's channels whose mean and deviation nothing reads."""
        value, scale, *shifts = node.inputs
        linear = layer_of(value)
        is_read = any(each.uses() for each in node.outputs[1:])
        if value is None or linear is None or is_read or not is_over_channels(node, -1):
            return None
        parameters = [each for each in (scale, *shifts) if each is not None]
        if not all(is_constant(each) and dims(each) == (linear.channels,) for each in parameters):
            return None
        has_sum = only_user(value) is not node
        fused = replace(
            linear,
            norm=_NORM_NAMES[node.op_type],
            epsilon=node.attributes.get_float("epsilon", EPSILON),
            norm_scale=scale,
            norm_bias=shifts[0] if shifts else None,
            has_sum=has_sum,
        )
        return Match(fused, (node.outputs[0], value) if has_sum else (node.outputs[0],))


def layer_behind(value: ir.Value | None, user: ir.Node) -> Int8Linear | None:
    """Return the layer that makes a value for one user alone, where no norm is fused yet."""
    return layer_of(value) if value is not None and only_user(value) is user else None


def layer_of(value: ir.Value | None) -> Int8Linear | None:
    """Return the layer that makes a value, where no norm is fused yet."""
    linear = None if value is None else Int8Linear.of(value.producer())
    return linear if linear is not None and linear.norm == NONE else None


def is_over_channels(node: ir.Node, default: int) -> bool:
    """Say whether a node's axis, by default ``default``, is the last of its input."""
    return axis_of(node, default) == len(dims(node.inputs[0])) - 1


def activated(node: ir.Node | None) -> tuple[ir.Value, str] | None:
    """Return what a node is an activation of, by the kernel's name of it, where nothing else reads that."""
    if node is None or node.domain or node.op_type not in KernelActivation.roots:
        return None
    if node.op_type == "Mul":
        value = _silu_of(node)
        return None if value is None else (value, "silu")
    value = node.inputs[0]
    if value is None or only_user(value) is not node:
        return None
    by_tanh = node.attributes.get_string("approximate", NONE) == "tanh"
    return value, "gelu_tanh" if by_tanh else node.op_type.lower()


def _silu_of(node: ir.Node) -> ir.Value | None:
    """Return the x of which a product is x * sigmoid(x), where nothing else reads either."""
    for value, gate in (tuple(node.inputs), tuple(node.inputs)[::-1]):
        sigmoid = producer(gate, "Sigmoid")
        if sigmoid is None or value is None or sigmoid.inputs[0] is not value:
            continue
        users = {use.node for each in (value, *sigmoid.outputs) for use in each.uses()}
        leaves = any(each.is_graph_output() for each in (value, *sigmoid.outputs))
        return value if users == {node, sigmoid} and not leaves else None
    return None
