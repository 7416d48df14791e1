"""A sigmoid written by its formula becomes one operator, so that SiLU and quick GELU have one spelling.

Before: x / (1 + Exp(-c * x)), or 1 / (1 + Exp(-c * x)) by a Div, Reciprocal or Pow
Before: 0.5 * x * (1 + Tanh(c * x / 2))                 in any order of the products
After:  x * Sigmoid(c * x), or Sigmoid(c * x)           c = 1: SiLU; c = 1.702: quick GELU

Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed, only_user, producer, scalar, scaled_operand
from edgeattn_export.graph.rule import Emit, Replaced, rule
from edgeattn_export.recover.gates import close, gated_products, one_plus


@rule("sigmoid", "Exp", "Tanh")
def recover_sigmoid(node: ir.Node) -> Emit | None:
    """Match an exponential below a fraction line, or a tanh between x / 2 and 0.5 * x."""
    argument, shifted = producer(node.inputs[0], "Mul", "Div", "Neg"), one_plus(node.outputs[0])
    scaled = _scaled(argument) if argument is not None else None
    if scaled is None or shifted is None:
        return None
    return _fraction(*scaled, shifted) if node.op_type == "Exp" else _gate(*scaled, shifted)


def _scaled(node: ir.Node) -> tuple[ir.Value, float] | None:
    x = node.inputs[0]
    return scaled_operand(node) if node.op_type != "Neg" or x is None else (x, -1.0)


def _fraction(x: ir.Value, factor: float, denominator: ir.Value) -> Emit | None:
    fraction = only_user(denominator)
    if fraction is None or not _divides_by(fraction, denominator):
        return None
    numerator = fraction.inputs[0] if fraction.op_type == "Div" and scalar(fraction.inputs[0]) != 1 else None

    def emit(tape: Tape) -> Replaced:
        gate = _sigmoid(tape, x, -factor)
        return {fraction.outputs[0]: gate if numerator is None else tape.op("Mul", [numerator, gate])}

    return emit


def _divides_by(fraction: ir.Node, denominator: ir.Value) -> bool:
    if fraction.op_type == "Pow":
        return fraction.inputs[0] is denominator and scalar(fraction.inputs[1]) == -1
    return fraction.op_type in ("Div", "Reciprocal") and fraction.inputs[-1] is denominator


def _gate(x: ir.Value, factor: float, shifted: ir.Value) -> Emit | None:
    halves = [product for product, number in gated_products(x, shifted) if close(number, 0.5)]
    if not halves:
        return None
    return lambda tape: {halves[0]: tape.op("Mul", [x, _sigmoid(tape, x, 2 * factor)])}


def _sigmoid(tape: Tape, x: ir.Value, factor: float) -> ir.Value:
    if close(factor, 1):
        return tape.op("Sigmoid", [x])
    return tape.op(
        "Sigmoid", [tape.op("Mul", [x, embed(tape, np.array(factor, np.float32), "sigmoid.factor")])]
    )
