"""The node ``edgeattn.Int8Linear``, and its body of stock operators.

y = norm(activation(round(x * smoothing) Wᵀ + bias) + residual)

The kernel rounds each row of x by its own range. A body rounds all rows by one range, which is as fast as a
plain int8 layer, or each row by its own, see ``linear_int8_per_token``; ``overload`` spells which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.functions import DOMAIN
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import int8_product
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_per_token import per_token_product

OP_TYPE = "Int8Linear"
INPUTS = ("x", "weight", "scale", "smoothing", "bias", "residual", "norm_scale", "norm_bias")
NONE = "none"
EPSILON = 1e-5

PRODUCTS: Mapping[str, Callable[..., ir.Value]] = {"tensor": int8_product, "row": per_token_product}
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
        weight: (N, K) int8.
        scale: (N), the step of each row of ``weight``.
        smoothing: (K), multiplied onto ``x`` before it is rounded.
        bias: (N)
        residual: (..., N), added behind the activation.
        norm_scale: (N)
        norm_bias: (N)
        rounding: How its body rounds ``x``: one of ``PRODUCTS``.
        activation: One of ``ACTIVATIONS``.
        norm: One of ``NORMS``, or "none".
        epsilon: Of the norm.
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
    norm: str = NONE
    epsilon: float = EPSILON

    @classmethod
    def of(cls, node: ir.Node | None) -> Int8Linear | None:
        """Read a node; None of any other operator's."""
        if node is None or node.domain != DOMAIN or node.op_type != OP_TYPE:
            return None
        inputs = dict(zip(INPUTS, node.inputs, strict=False))
        x, weight, scale = (inputs.pop(name) for name in INPUTS[:3])
        if x is None or weight is None or scale is None:
            raise TypeError(f"{node.name}: an {OP_TYPE} without x, weight or scale")
        attributes = node.attributes
        return cls(
            x=x,
            weight=weight,
            scale=scale,
            **inputs,
            rounding=node.overload.partition("_")[0],
            activation=attributes.get_string("activation", NONE),
            norm=attributes.get_string("norm", NONE),
            epsilon=attributes.get_float("epsilon", EPSILON),
        )

    @property
    def overload(self) -> str:
        """The name of its body: how it rounds, and all that is in it."""
        inputs = [name for name in INPUTS[3:] if getattr(self, name) is not None]
        activation = [] if self.activation == NONE else [self.activation]
        norm = [] if self.norm == NONE else [self.norm, f"{self.epsilon:.9g}"]
        return "_".join([self.rounding, *inputs, *activation, *norm])

    @property
    def attributes(self) -> dict[str, str | float]:
        """Those that differ from what the operator takes them for where they are left out."""
        given: dict[str, str | float] = {
            "activation": self.activation,
            "norm": self.norm,
            "epsilon": self.epsilon,
        }
        return {name: value for name, value in given.items() if value not in (NONE, EPSILON)}

    def emit(self, tape: Tape) -> ir.Value:
        """Record the node, and return its output."""
        inputs = [getattr(self, name) for name in INPUTS]
        while inputs[-1] is None:
            inputs.pop()
        return tape.op(OP_TYPE, inputs, self.attributes, domain=DOMAIN, overload=self.overload)

    def body(self, opset: int) -> ir.Function:
        """Return the function that an engine without the kernel runs."""
        parameters = {name: ir.Value(name=name) for name in INPUTS}
        given = {name: value for name, value in parameters.items() if getattr(self, name) is not None}
        tape = Tape()
        output = self._expanded(tape, given)
        output.name = "y"
        graph = ir.Graph(
            tuple(parameters.values()),
            [output],
            nodes=[*map(_constant_node, tape.initializers), *tape.nodes],
            opset_imports={"": opset, MICROSOFT: 1},
        )
        attributes = [ir.Attr(name, kind, None) for name, kind in _ATTRIBUTES.items()]
        return ir.Function(DOMAIN, OP_TYPE, self.overload, graph=graph, attributes=attributes)

    def _expanded(self, tape: Tape, inputs: Mapping[str, ir.Value]) -> ir.Value:
        """Record its stock operators over inputs, by their names."""
        x = tape.op("Mul", [inputs["x"], inputs["smoothing"]]) if "smoothing" in inputs else inputs["x"]
        transposed = tape.op("Transpose", [inputs["weight"]], {"perm": [1, 0]})
        weight = {"weight": transposed, "scale": inputs["scale"]}
        y = ACTIVATIONS[self.activation](tape, PRODUCTS[self.rounding](tape, x, weight, inputs.get("bias")))
        if "residual" in inputs:
            y = tape.op("Sum", [y, inputs["residual"]])  # no Add, see ``lower.ort_cpu.residual``
        if self.norm == NONE:
            return y
        parameters = [inputs[name] for name in ("norm_scale", "norm_bias") if name in inputs]
        return tape.op(NORMS[self.norm], [y, *parameters], {"axis": -1, "epsilon": self.epsilon})


def _constant_node(value: ir.Value) -> ir.Node:
    """Return a constant as a function has it, which holds no initializers."""
    if value.const_value is None:
        raise TypeError(f"{value.name}: no constant")
    return ir.Node("", "Constant", [], [ir.AttrTensor("value", value.const_value)], outputs=[value])


_ATTRIBUTES = {
    "activation": ir.AttributeType.STRING,
    "norm": ir.AttributeType.STRING,
    "epsilon": ir.AttributeType.FLOAT,
}


def int8_linear_body(node: ir.Node, opset: int) -> ir.Function:
    """Return the body of a node; raises TypeError for one of another operator."""
    linear = Int8Linear.of(node)
    if linear is None:
        raise TypeError(f"{node.op_type}: no {OP_TYPE}")
    return linear.body(opset)
