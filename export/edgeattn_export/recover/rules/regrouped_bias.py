"""What is added to scores in other dims is added in theirs.

Before: Reshape(Reshape(x, (B, H, h, w, i, j)) + row + column, (B, H, h*w, i*j))
After:  x + Reshape(row + column, (B, H, h*w, i*j))     row (..., i, 1), column (..., 1, j)

So ViTDet, SAM and MViT add relative positions by row and column (Li et al. 2022, section 4.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import Dims, dims, producer, same_dims, sources


@dataclass(frozen=True, slots=True)
class Match:
    """``x``, seen in other dims, and what is added to it there: together they have all of these dims."""

    x: ir.Value
    added: tuple[ir.Value, ...]
    back: ir.Node


class RegroupBias:
    """Adds to a value in its own dims what is added to it in others."""

    name = "regrouped bias"
    roots = frozenset({"Reshape"})

    def check(self, node: ir.Node) -> Match | None:
        """Match sums between a reshape and the reshape back."""
        value, added = node.inputs[0], list[ir.Value]()
        view_dims = dims(value)
        while (add := producer(value, "Add")) is not None:
            inner, outer = sources(add)
            if producer(inner, "Add", "Reshape") is None or not same_dims(dims(inner), view_dims):
                inner, outer = outer, inner
            added.append(outer)
            value = inner
        view = producer(value, "Reshape")
        if not added or view is None or view.inputs[0] is None or not same_dims(dims(value), view_dims):
            return None
        whole = same_dims(_joint(added, len(view_dims)), view_dims)
        whole = whole and same_dims(dims(view.inputs[0]), dims(node.outputs[0]))
        return Match(view.inputs[0], tuple(reversed(added)), node) if whole else None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the sum of what is added, in x's dims, and add it."""
        first, *rest = match.added
        for other in rest:
            first = tape.op("Add", [first, other])
        bias = tape.op("Reshape", [first, match.back.inputs[1]], match.back.attributes)
        bias.type, bias.shape = match.x.type, match.back.outputs[0].shape
        return {match.back.outputs[0]: tape.op("Add", [match.x, bias])}


def _joint(values: list[ir.Value], rank: int) -> Dims:
    """Return the dims of values that are laid on one another."""
    each = [(*(1,) * (rank - len(dims(value))), *dims(value)) for value in values]
    return tuple(next((size for size in axis if size != 1), 1) for axis in zip(*each, strict=True))
