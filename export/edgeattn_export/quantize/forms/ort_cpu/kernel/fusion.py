"""Operators around a layer go into its kernel: without the kernel no bit changes, with it a pass is spared.

Before: Int8Linear(x * s, W)                      s constant, (K), only for this layer
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

from dataclasses import replace

import onnx_ir as ir

from edgeattn_export.graph.dataflow import (
    axis_of,
    dims,
    is_constant,
    only_user,
    producer,
    same_dims,
    split_constant,
)
from edgeattn_export.graph.rule import Emit, rule
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import (
    EPSILON,
    NONE,
    NORMS,
    OP_TYPE,
    Int8Linear,
)

ACTIVATION_NODES = ("Gelu", "Relu", "Tanh", "Mul")
_NORM_NAMES = {op_type: name for name, op_type in NORMS.items()}


@rule("kernel smoothing", OP_TYPE)
def kernel_smoothing(node: ir.Node) -> Emit | None:
    """Match a node whose input is multiplied only for it, by one number a channel."""
    linear = Int8Linear.of(node)
    product = None if linear is None else producer(linear.x, "Mul")
    if linear is None or product is None or linear.smoothing is not None:
        return None
    x, factor = split_constant(product)
    is_own = only_user(linear.x) is node and dims(factor) == (linear.width,)
    return _emitting(replace(linear, x=x, smoothing=factor), *node.outputs) if x and is_own else None


@rule("kernel activation", *ACTIVATION_NODES)
def kernel_activation(node: ir.Node) -> Emit | None:
    """Match an activation of a layer behind which nothing is fused yet."""
    value, name = activated(node) or (None, NONE)
    linear = layer_of(value)
    if linear is None or linear.activation != NONE or linear.is_finished:
        return None
    return _emitting(replace(linear, activation=name), *node.outputs)


@rule("kernel residual", "Add", "Sum")
def kernel_residual(node: ir.Node) -> Emit | None:
    """Match a sum of a layer's output and one other value, of the same dims."""
    if len(node.inputs) != 2:
        return None
    first, second = node.inputs
    for value, other in ((second, first), (first, second)):
        linear = layer_behind(value, node)
        if linear is None or linear.residual is not None or other is None or is_constant(other):
            continue
        if same_dims(dims(other), dims(node.outputs[0])):
            return _emitting(replace(linear, residual=other), *node.outputs)
    return None


@rule("kernel norm", *_NORM_NAMES)
def kernel_norm(node: ir.Node) -> Emit | None:
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
    return _emitting(fused, node.outputs[0], *([value] if has_sum else []))


def _emitting(linear: Int8Linear, *outputs: ir.Value) -> Emit:
    """Return what emits a node in place of what makes these values."""
    return lambda tape: dict(zip(outputs, linear.emit(tape), strict=True))


def layer_behind(value: ir.Value | None, user: ir.Node) -> Int8Linear | None:
    """Return the layer that makes a value for only one user, where no norm is fused yet."""
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
    if node is None or node.domain or node.op_type not in ACTIVATION_NODES:
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
