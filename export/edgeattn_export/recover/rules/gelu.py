"""GELU written by its formula becomes one operator.

Before: 0.5 * x * (1 + Erf(x / Sqrt(2)))     (Hendrycks and Gimpel 2016, in any order of the products)
After:  Gelu(x)
"""

from __future__ import annotations

import math

import onnx_ir as ir

from edgeattn_export.graph.dataflow import producer, scaled_operand
from edgeattn_export.graph.rule import Emit, Refusal, rule
from edgeattn_export.recover.gates import close, gated_products, one_plus


@rule("gelu", "Erf")
def recover_gelu(node: ir.Node) -> Emit | Refusal | None:
    """Match an error function between x / sqrt(2) and 0.5 * x; refuse other constants."""
    argument, gate = producer(node.inputs[0], "Mul", "Div"), one_plus(node.outputs[0])
    scaled = scaled_operand(argument) if argument else None
    if scaled is None or gate is None:
        return None
    x, inner = scaled
    outer = list(gated_products(x, gate))
    exact = [product for product, number in outer if close(number, 0.5) and close(inner, math.sqrt(0.5))]
    if exact:
        return lambda tape: {exact[0]: tape.op("Gelu", [x], {"approximate": "none"})}
    if not outer:
        return None
    return Refusal(f"{outer[-1][1]:g} * x * (1 + erf({inner:g} * x)) is no GELU; 0.5 and 0.707107 expected")
