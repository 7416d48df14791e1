"""GELU written by its formula becomes one operator.

Before: 0.5 * x * (1 + Erf(x / Sqrt(2)))     (Hendrycks and Gimpel 2016, in any order of the products)
After:  Gelu(x)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import only_user, producer, scalar
from edgeattn_export.graph.rule import Refusal

CLOSE = 1e-4  # relative: how well constants must be written out, such as 1.4142 for sqrt(2)


@dataclass(frozen=True, slots=True)
class Match:
    """The argument of the GELU, and the product that it replaces."""

    x: ir.Value
    output: ir.Value


class RecoverGelu:
    """Recovers the exact GELU from its error function."""

    name = "gelu"
    roots = frozenset({"Erf"})

    def check(self, node: ir.Node) -> Match | Refusal | None:
        """Match an error function between x / sqrt(2) and 0.5 * x; refuse other constants."""
        argument, gate = producer(node.inputs[0], "Mul", "Div"), _one_plus(node.outputs[0])
        scaled = _scaled(argument) if argument else None
        if scaled is None or gate is None:
            return None
        x, inner = scaled
        outer = None
        for product in _products(gate):
            number = _number_beside(product, x, gate)
            outer = outer if number is None else number
            if number is not None and _close(number, 0.5) and _close(inner, math.sqrt(0.5)):
                return Match(x, product)
        if outer is None:
            return None
        return Refusal(f"{outer:g} * x * (1 + erf({inner:g} * x)) is no GELU; 0.5 and 0.707107 expected")

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the operator."""
        return {match.output: tape.op("Gelu", [match.x], {"approximate": "none"})}


def _close(actual: float, expected: float) -> bool:
    return math.isclose(actual, expected, rel_tol=CLOSE)


def _one_plus(erf: ir.Value) -> ir.Value | None:
    add = only_user(erf)
    if add is None or add.op_type != "Add" or 1.0 not in map(scalar, add.inputs):
        return None
    return add.outputs[0]


def _scaled(node: ir.Node) -> tuple[ir.Value, float] | None:
    """Return the value that a Mul or Div scales by a constant, and the number it multiplies with."""
    left, right = node.inputs
    number = scalar(right)
    if number and left is not None:
        return left, number if node.op_type == "Mul" else 1 / number
    number = scalar(left)
    return (right, number) if number and right is not None and node.op_type == "Mul" else None


def _products(value: ir.Value) -> Iterator[ir.Value]:
    """Yield the products that a value goes into, a division by a constant among them, from the first on."""
    user = only_user(value)
    while user is not None and (user.op_type == "Mul" or (user.op_type == "Div" and _scaled(user))):
        yield user.outputs[0]
        user = only_user(user.outputs[0])


def _number_beside(product: ir.Value, x: ir.Value, gate: ir.Value) -> float | None:
    """Return c where the product is c * x * gate, else None."""
    number, values = _factors(product, (x, gate))
    return number if len(values) == 2 and x in values and gate in values else None


def _factors(value: ir.Value, whole: tuple[ir.Value, ...]) -> tuple[float, list[ir.Value]]:
    """Take a product apart into its constant and its values, those of ``whole`` left as they are."""
    node = producer(value, "Mul", "Div")
    if node is None or value in whole:
        return 1.0, [value]
    scaled = _scaled(node)
    if scaled is not None:
        number, values = _factors(scaled[0], whole)
        return number * scaled[1], values
    if node.op_type == "Div":
        return 1.0, [value]
    parts = [_factors(side, whole) for side in node.inputs if side is not None]
    return math.prod(number for number, _ in parts), [value for _, values in parts for value in values]
