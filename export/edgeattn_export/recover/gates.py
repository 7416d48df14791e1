"""A value times a gate of its own, c * x * gate(x), in any order of the products: GELU, SiLU, hard swish."""

from __future__ import annotations

import math
from collections.abc import Iterator

import onnx_ir as ir

from edgeattn_export.graph.dataflow import only_user, producer, scalar, scaled_operand

CLOSE = 1e-4  # relative: how well constants must be written out, such as 1.4142 for sqrt(2)


def close(actual: float, expected: float) -> bool:
    """Say whether a constant of a formula is the expected one, as well as people write it out."""
    return math.isclose(actual, expected, rel_tol=CLOSE)


def one_plus(value: ir.Value) -> ir.Value | None:
    """Return 1 + a value that nothing else reads, or None."""
    add = only_user(value)
    if add is None or add.op_type != "Add" or 1.0 not in map(scalar, add.inputs):
        return None
    return add.outputs[0]


def gated_products(x: ir.Value, gate: ir.Value) -> Iterator[tuple[ir.Value, float]]:
    """Yield the products c * x * gate that a gate goes into, each with c, from the first on."""
    for product in _products(gate):
        number, values = _factors(product, (x, gate))
        if len(values) == 2 and x in values and gate in values:
            yield product, number


def _products(value: ir.Value) -> Iterator[ir.Value]:
    """Yield the products that a value goes into, a division by a constant among them, from the first on."""
    user = only_user(value)
    while user is not None and (user.op_type == "Mul" or (user.op_type == "Div" and scaled_operand(user))):
        yield user.outputs[0]
        user = only_user(user.outputs[0])


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
