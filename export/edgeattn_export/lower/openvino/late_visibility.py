"""What zeros the queries that see no key comes behind an attention, which OpenVINO then fuses to its end.

Before: Reshape(Transpose(mixed * visible), (0, 0, W))      mixed (B, H, S, D), visible (B|1, 1, S|1, 1)
After:  Reshape(Transpose(mixed), (0, 0, W)) * Squeeze(visible, axis 1)

The same products. MiniLM, one thread of an AMD EPYC, milliseconds of processor time: 12.44 become 12.40 for
128 tokens, 2.73 become 2.70 for 16.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, only_user, permutation, producer
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.lower.decomposed.heads import HEADS_FIRST, joined

RANK, HEADS = 4, 1  # of what zeros, and the axis of its heads


@dataclass(frozen=True, slots=True)
class Match:
    """``output`` is ``mixed * visible`` with its heads beside one another."""

    mixed: ir.Value
    visible: ir.Value
    output: ir.Value


class LateVisibility:
    """Multiplies heads that stand beside one another, not one behind the other."""

    name = "late visibility"
    roots = frozenset({"Transpose"})

    def check(self, node: ir.Node) -> Match | Refusal | None:
        """Match heads that are zeroed and then joined; refuse where each head has zeros of its own."""
        product = producer(node.inputs[0], "Mul")
        if product is None or permutation(node) != HEADS_FIRST or only_user(product.outputs[0]) is not node:
            return None
        mixed, visible = product.inputs
        if mixed is None or visible is None or producer(visible, "ReduceMax") is None:
            return None
        joining = only_user(node.outputs[0])
        if joining is None or joining.op_type != "Reshape" or not _joins(joining):
            return Refusal("its heads are not joined right behind it; what zeros them stays before")
        if len(dims(visible)) != RANK or dims(visible)[HEADS] != 1:
            return Refusal("each head has a mask of its own, as far as is known; one for all expected")
        return Match(mixed, visible, joining.outputs[0])

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the joined heads, and what zeros them."""
        heads = embed(tape, np.array([HEADS], np.int64), "visible.heads")
        rows = tape.op("Squeeze", [match.visible, heads])  # (B|1, S|1, 1)
        flat = joined(tape, match.mixed, dims(match.output)[-1:])  # (B, S, H*D)
        return {match.output: tape.op("Mul", [flat, rows])}


def _joins(reshape: ir.Node) -> bool:
    """Say whether a Reshape makes (B, S, H*D) of (B, S, H, D)."""
    sizes = constant(reshape.inputs[1])
    return sizes is not None and len(sizes) == RANK - 1 and not np.any(sizes[:-1])
