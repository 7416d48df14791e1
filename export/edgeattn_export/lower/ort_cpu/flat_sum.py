"""A sum of sums of one shape is one sum: a pass over the numbers less.

Before: Sum(Sum(a, b), c)
After:  Sum(a, b, c)        added in the same order, so that no bit changes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, only_user, producer


@dataclass(frozen=True, slots=True)
class Match:
    """All that is added, in its order."""

    addends: tuple[ir.Value, ...]
    output: ir.Value


class FlatSum:
    """Takes the addends of a sum that is itself the first addend of another."""

    name = "flat sum"
    roots = frozenset({"Sum"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a sum that begins with a sum of the same shape which nothing else reads."""
        first = node.inputs[0]
        inner = producer(first, "Sum")
        if inner is None or first is None or only_user(first) is not node:
            return None
        addends = tuple(value for value in (*inner.inputs, *node.inputs[1:]) if value is not None)
        shape = dims(node.outputs[0])
        same = shape and None not in shape and all(dims(value) == shape for value in node.inputs)
        return Match(addends, node.outputs[0]) if same else None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the one sum."""
        return {match.output: tape.op("Sum", match.addends)}
