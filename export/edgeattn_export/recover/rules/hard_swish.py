"""A hard swish written by its formula becomes one operator.

Before: x * Clip(x + 3, 0, 6) / 6                         (Howard et al. 2019, MobileNetV3, section 5.2)
Before: x * HardSigmoid(x; alpha=1/6, beta=0.5)           either in any order of the products
After:  HardSwish(x)
"""

from __future__ import annotations

import onnx_ir as ir

from edgeattn_export.graph.rule import Emit, Refusal, rule
from edgeattn_export.recover.gates import close, gated_products
from edgeattn_export.recover.rules.hard_sigmoid import HardGate, hard_gates


@rule("hard swish", "Clip", "HardSigmoid")
def recover_hard_swish(node: ir.Node) -> Emit | Refusal | None:
    """Match a hard sigmoid of what it is multiplied by; refuse other constants."""
    output = node.outputs[0]
    uses = [
        (gate, product, factor * gate.height)
        for gate in hard_gates(node)
        for product, factor in gated_products(gate.x, output)
    ]
    for gate, product, height in uses:
        if close(height, 1) and _is_standard(gate):
            return lambda tape: {product: tape.op("HardSwish", [gate.x])}
    if not uses:
        return None
    gate, _, height = uses[-1]
    formula = f"{height:g} * x * Clip({gate.alpha:g} * x + {gate.beta:g}, 0, 1)"
    return Refusal(f"{formula} is no hard swish; 1, 0.166667 and 0.5 expected")


def _is_standard(gate: HardGate) -> bool:
    return close(gate.alpha, 1 / 6) and close(gate.beta, 0.5)
