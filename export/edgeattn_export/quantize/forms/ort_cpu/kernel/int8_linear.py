"""The node ``edgeattn.Int8Linear``, and its body of stock operators.

sum = activation(round(x * smoothing) Wᵀ + bias) [* gate] + residual,  y = norm(sum)

The kernel rounds each row of x by its own range. A body rounds all rows by one range, which is as fast as a
plain int8 layer, each row by its own, see ``linear_int8_per_token``, twice, see ``linear_residual_int8``, or
each block of a row, see ``linear_blocks``; ``overload`` spells which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import dims, embed
from edgeattn_export.graph.functions import DOMAIN
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import block_product
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_per_token import per_token_product
from edgeattn_export.quantize.forms.ort_cpu.linear_residual_int8 import residual_product
from edgeattn_export.quantize.forms.ort_cpu.products import int8_product

OP_TYPE = "Int8Linear"
INPUTS = ("x", "weight", "scale", "smoothing", "bias", "residual", "norm_scale", "norm_bias")
OUTPUTS = ("y", "sum")
NONE = "none"
EPSILON = 1e-5
BITS = 8
BLOCKS = "blocks"

PRODUCTS: Mapping[str, Callable[..., ir.Value]] = {
    "tensor": int8_product,
    "row": per_token_product,
    "twice": residual_product,
}
ACTIVATIONS: Mapping[str, Callable[[Tape, ir.Value], ir.Value]] = {
    NONE: lambda _, x: x,
    "gelu": lambda tape, x: tape.op("Gelu", [x]),
    "gelu_tanh": lambda tape, x: tape.op("Gelu", [x], {"approximate": "tanh"}),
    "relu": lambda tape, x: tape.op("Relu", [x]),
    "silu": lambda tape, x: tape.op("Mul", [x, tape.op("Sigmoid", [x])]),
    "tanh": lambda tape, x: tape.op("Tanh", [x]),
}
NORMS = {"layer": "LayerNormalization", "rms": "RMSNormalization"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Int8Linear:
    """One node, by its inputs and attributes.

    Attributes:
        x: (..., K)
        weight: (N, K) int8, or (N, K / 2) uint8: two values of 4 bits a byte. With a gate, 2N rows, as scale
            and bias have them: the activation of the first half's product is multiplied by the second's.
        scale: (N), the step of each row of ``weight``; (N, K / block_size) of its blocks.
        smoothing: (K), multiplied onto ``x`` before it is rounded.
        bias: (N)
        residual: (..., N), added behind the activation.
        norm_scale: (N)
        norm_bias: (N)
        rounding: How its body rounds ``x``: one of ``PRODUCTS``, or "blocks".
        activation: One of ``ACTIVATIONS``.
        gate: 1 where there is one.
        norm: One of ``NORMS``, or "none".
        epsilon: Of the norm.
        bits: Of a weight, 8 or 4.
        block_size: Values of a row that share a scale; 0: all of them.
        has_sum: Whether what the norm is taken of is an output, too.
    """

    x: ir.Value
    weight: ir.Value
    scale: ir.Value
    smoothing: ir.Value | None = None
    bias: ir.Value | None = None
    residual: ir.Value | None = None
    norm_scale: ir.Value | None = None
    norm_bias: ir.Value | None = None
    rounding: str
    activation: str = NONE
    gate: int = 0
    norm: str = NONE
    epsilon: float = EPSILON
    bits: int = BITS
    block_size: int = 0
    has_sum: bool = False

    @classmethod
    def of(cls, node: ir.Node | None) -> Int8Linear | None:
        """Read a node; None of any other operator's."""
        if node is None or node.domain != DOMAIN or node.op_type != OP_TYPE:
            return None
        parts: dict[str, Any] = dict(zip(INPUTS, node.inputs, strict=False))
        if any(parts[name] is None for name in INPUTS[:3]):
            raise TypeError(f"{node.name}: an {OP_TYPE} without x, weight or scale")
        attributes = {name: each.value for name, each in node.attributes.items()}
        rounding, has_sum = node.overload.partition("_")[0], len(node.outputs) > 1
        return cls(**parts, **attributes, rounding=rounding, has_sum=has_sum)

    @property
    def width(self) -> int:
        """K, the channels of ``x``."""
        return int(str(dims(self.weight)[1])) * BITS // self.bits

    @property
    def rows(self) -> int:
        """The rows of ``weight``: N, or with a gate 2N."""
        return int(str(dims(self.weight)[0]))

    @property
    def channels(self) -> int:
        """N, the channels of ``y``."""
        return self.rows // 2 if self.gate else self.rows

    @property
    def is_finished(self) -> bool:
        """Whether more is fused behind its product than an activation."""
        return bool(self.gate) or self.residual is not None

    @property
    def overload(self) -> str:
        """The name of its body: how it rounds, and all that is in it."""
        inputs = [name for name in INPUTS[3:] if getattr(self, name) is not None]
        blocks = [f"{self.bits}x{self.block_size}x{self.width}x{self.rows}"] if self.block_size else []
        activation = [] if self.activation == NONE else [self.activation]
        gate = ["gate"] if self.gate else []
        norm = [] if self.norm == NONE else [self.norm, f"{self.epsilon:.9g}"]
        outputs = ["sum"] if self.has_sum else []
        return "_".join([self.rounding, *blocks, *inputs, *activation, *gate, *norm, *outputs])

    @property
    def attributes(self) -> dict[str, str | float | int]:
        """Those that differ from what the operator takes them for where they are left out."""
        return {name: getattr(self, name) for name in _DEFAULTS if getattr(self, name) != _DEFAULTS[name]}

    def emit(self, tape: Tape) -> Sequence[ir.Value]:
        """Record the node, and return its outputs."""
        inputs = [getattr(self, name) for name in INPUTS]
        while inputs[-1] is None:
            inputs.pop()
        return tape.op_multi_out(
            OP_TYPE,
            inputs,
            self.attributes,
            num_outputs=1 + self.has_sum,
            domain=DOMAIN,
            overload=self.overload,
        )

    def body(self, opset: int) -> ir.Function:
        """Return the function that an engine without the kernel runs."""
        parameters = {name: ir.Value(name=name) for name in INPUTS}
        given = {name: value for name, value in parameters.items() if getattr(self, name) is not None}
        tape = Tape()
        outputs = self._expanded(tape, given)
        for output, name in zip(outputs, OUTPUTS, strict=False):
            output.name = name
        graph = ir.Graph(
            tuple(parameters.values()),
            outputs,
            nodes=[*map(_constant_node, tape.initializers), *tape.nodes],
            opset_imports={"": opset, MICROSOFT: 1},
        )
        attributes = [ir.Attr(name, _KINDS[type(value)], None) for name, value in _DEFAULTS.items()]
        return ir.Function(DOMAIN, OP_TYPE, self.overload, graph=graph, attributes=attributes)

    def _expanded(self, tape: Tape, inputs: Mapping[str, ir.Value]) -> list[ir.Value]:
        """Record its stock operators over inputs, by their names; return the outputs."""
        y = self._product(tape, inputs)
        factors: list[ir.Value] = []
        if self.gate:
            y, *factors = tape.op_multi_out("Split", [y], {"axis": -1, "num_outputs": 2}, num_outputs=2)
        y = ACTIVATIONS[self.activation](tape, y)
        for factor in factors:
            y = tape.op("Mul", [y, factor])
        if "residual" in inputs:
            y = tape.op("Sum", [y, inputs["residual"]])  # no Add, see ``lower.ort_cpu.residual``
        if self.norm == NONE:
            return [y]
        parameters = [inputs[name] for name in ("norm_scale", "norm_bias") if name in inputs]
        normed = tape.op(NORMS[self.norm], [y, *parameters], {"axis": -1, "epsilon": self.epsilon})
        return [normed, y] if self.has_sum else [normed]

    def _product(self, tape: Tape, inputs: Mapping[str, ir.Value]) -> ir.Value:
        """Record the product and its bias."""
        x = tape.op("Mul", [inputs["x"], inputs["smoothing"]]) if "smoothing" in inputs else inputs["x"]
        weight, scale, bias = inputs["weight"], inputs["scale"], inputs.get("bias")
        if self.rounding == BLOCKS:
            sizes = (self.rows, self.width // self.block_size, self.block_size * self.bits // BITS)
            weight = tape.op("Reshape", [weight, embed(tape, np.array(sizes, np.int64), "blocks")])
            dims = self.width, self.rows
            return block_product(tape, x, (weight, scale), bias, dims=dims, block=self.block_size)
        transposed = tape.op("Transpose", [weight], {"perm": [1, 0]})
        return PRODUCTS[self.rounding](tape, x, (transposed, scale), bias)


def _constant_node(value: ir.Value) -> ir.Node:
    """Return a constant as a function has it, which holds no initializers."""
    if value.const_value is None:
        raise TypeError(f"{value.name}: no constant")
    return ir.Node("", "Constant", [], [ir.AttrTensor("value", value.const_value)], outputs=[value])


_ATTRIBUTES = ("activation", "gate", "norm", "epsilon", "bits", "block_size")
_DEFAULTS = {each.name: each.default for each in fields(Int8Linear) if each.name in _ATTRIBUTES}
_KINDS = {str: ir.AttributeType.STRING, float: ir.AttributeType.FLOAT, int: ir.AttributeType.INT}


def int8_linear_body(node: ir.Node, opset: int) -> ir.Function:
    """Return the body of a node; raises TypeError for one of another operator."""
    linear = Int8Linear.of(node)
    if linear is None:
        raise TypeError(f"{node.op_type}: no {OP_TYPE}")
    return linear.body(opset)
