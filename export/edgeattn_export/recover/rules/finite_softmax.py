"""What replaces infinities in a softmax goes: it has none.

Before: Where(And(..., IsInf(Softmax(x))), c, y)     as torch.nan_to_num is exported
After:  y
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import producer


@dataclass(frozen=True, slots=True)
class Match:
    """``output`` is ``y`` wherever a softmax is not infinite."""

    y: ir.Value
    output: ir.Value


class DropInfinityGuard:
    """Drops the guard against infinities from attention weights; the one against NaN stays."""

    name = "finite softmax"
    roots = frozenset({"Where"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a choice that only an infinite softmax would make."""
        both = producer(node.inputs[0], "And")
        tests = [producer(value, "IsInf") for value in both.inputs] if both else []
        infinite = next((test for test in tests if test is not None), None)
        if infinite is None or producer(infinite.inputs[0], "Softmax") is None or node.inputs[2] is None:
            return None
        return Match(node.inputs[2], node.outputs[0])

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit y by another name."""
        return {match.output: tape.op("Identity", [match.y])}
