"""GELU written by its formula becomes one operator.

Before: 0.5 * x * (1 + Erf(x / Sqrt(2)))     (Hendrycks and Gimpel 2016, in any order of the products)
After:  Gelu(x)
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import onnx_ir as ir

from edgeattn_export.graph.dataflow import only_user, producer, scalar, scaled_operand
from edgeattn_export.graph.rule import Emit, Refusal, rule

CLOSE = 1e-4  # relative: how well constants must be written out, such as 1.4142 for sqrt(2)


@rule("gelu", "Erf")
def recover_gelu(node: ir.Node) -> Emit | Refusal | None:
    """Match an error function between x / sqrt(2) and 0.5 * x; refuse other constants."""
    argument, gate = producer(node.inputs[0], "Mul", "Div"), _one_plus(node.outputs[0])
    scaled = scaled_operand(argument) if argument else None
    if scaled is None or gate is None:
        return None
    x, inner = scaled
    numbers = [(product, _number_beside(product, x, gate)) for product in _products(gate)]
    outer = [(product, number) for product, number in numbers if number is not None]
    exact = [product for product, number in outer if _close(number, 0.5) and _close(inner, math.sqrt(0.5))]
    if exact:
        return lambda tape: {exact[0]: tape.op("Gelu", [x], {"approximate": "none"})}
    if not outer:
        return None
    return Refusal(f"{outer[-1][1]:g} * x * (1 + erf({inner:g} * x)) is no GELU; 0.5 and 0.707107 expected")


def _close(actual: float, expected: float) -> bool:
    return math.isclose(actual, expected, rel_tol=CLOSE)


def _one_plus(erf: ir.Value) -> ir.Value | None:
    add = only_user(erf)
    if add is None or add.op_type != "Add" or 1.0 not in map(scalar, add.inputs):
        return None
    return add.outputs[0]


def _products(value: ir.Value) -> Iterator[ir.Value]:
    """Yield the products that a value goes into, a division by a constant among them, from the first on."""
    user = only_user(value)
    while user is not None and (user.op_type == "Mul" or (user.op_type == "Div" and scaled_operand(user))):
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
    scaled = scaled_operand(node)
    if scaled is not None:
        number, values = _factors(scaled[0], whole)
        return number * scaled[1], values
    if node.op_type == "Div":
        return 1.0, [value]
    parts = [_factors(side, whole) for side in node.inputs if side is not None]
    return math.prod(number for number, _ in parts), [value for _, values in parts for value in values]
