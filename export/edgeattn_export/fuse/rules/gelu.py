"""GELU written by its formula becomes one operator.

Before: 0.5 * x * (1 + Erf(x / sqrt(2)))     (Hendrycks and Gimpel 2016, in any order of the products)
After:  Gelu(x)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.fuse.dataflow import only_user, producer, scalar
from edgeattn_export.fuse.rule import Refusal
from edgeattn_export.fuse.rules.attention_scores import unscaled

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
        if node.inputs[0] is None:
            return None
        x, inner = unscaled(node.inputs[0])
        top = _top_product(_one_plus(node.outputs[0]))
        if top is None:
            return None
        factors = tuple(_factors(top))
        numbers = math.prod(number for number in map(scalar, factors) if number is not None)
        if sum(factor is x for factor in factors) != 1 or len(factors) > 3 + (numbers != 0.5):
            return None
        if not (
            math.isclose(inner, math.sqrt(0.5), rel_tol=CLOSE) and math.isclose(numbers, 0.5, rel_tol=CLOSE)
        ):
            return Refusal(
                f"{numbers:g} * x * (1 + erf({inner:g} * x)) is no GELU; 0.5 and 0.707107 expected"
            )
        return Match(x, top)

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the operator."""
        return {match.output: tape.op("Gelu", [match.x], {"approximate": "none"})}


def _one_plus(erf: ir.Value) -> ir.Value | None:
    add = only_user(erf)
    if add is None or add.op_type != "Add" or 1.0 not in map(scalar, add.inputs):
        return None
    return add.outputs[0]


def _top_product(value: ir.Value | None) -> ir.Value | None:
    """Follow products (a division by a number is one) to the last."""
    top = None
    while value is not None:
        user = only_user(value)
        if user is None or user.op_type not in ("Mul",):
            break
        top = value = user.outputs[0]
    return top


def _factors(value: ir.Value) -> Iterator[ir.Value]:
    node = producer(value, "Mul")
    if node is None:
        yield value
        return
    for side in node.inputs:
        if side is not None:
            yield from _factors(side)
