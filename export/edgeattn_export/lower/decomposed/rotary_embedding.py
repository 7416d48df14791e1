"""Rotary positions by their formula.

Before: RotaryEmbedding(x, cos, sin)                            x = [x1 x2 rest]
After:  Concat(x' * [cos cos] + [x2 x1] * [-sin sin], rest)     x' = [x1 x2]

Su et al. 2021, "RoFormer", section 3.4.2. The tables are put together once for all layers; the sign is
theirs, so that the turned halves are only a copy. Where pairs lie side by side, columns are picked instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, embed, operand
from edgeattn_export.graph.rule import Refusal, Replaced, rule
from edgeattn_export.lower.decomposed.heads import reshaped, with_heads

X, COS, SIN, POSITIONS = range(4)  # inputs of the operator


@dataclass(frozen=True, slots=True)
class Match:
    """A rotation.

    Attributes:
        node: The operator.
        heads: Where they stand side by side, (B, S, H*D); None for (B, H, S, D).
        size: D.
        turned: How many of its columns are, an even number.
    """

    node: ir.Node
    heads: int | None
    size: int
    turned: int

    def __call__(self, tape: Tape) -> Replaced:
        """Emit the tables and the sum."""
        x, output = self.node.inputs[X], self.node.outputs[0]
        if x is None:
            raise TypeError(f"{self.node.name}: a RotaryEmbedding without an input")
        x = x if self.heads is None else with_heads(tape, x, self.heads)  # (B, S, H, D)
        front, rest = (x, None) if self.turned == self.size else _cut(tape, x, self)
        cos, sin = (_table(tape, self, index) for index in (COS, SIN))
        halves = _halves(tape, front, self)
        rotated = tape.op("Add", [tape.op("Mul", [front, cos]), tape.op("Mul", [halves, sin])])
        if rest is not None:
            rotated = tape.op("Concat", [rotated, rest], {"axis": -1})
        return {output: rotated if self.heads is None else reshaped(tape, rotated, (0, 0, dims(output)[-1]))}


@rule("decomposed rotary embedding", "RotaryEmbedding")
def decompose_rotary_embedding(node: ir.Node) -> Match | Refusal | None:
    """Match the standard operator; refuse heads of unknown size."""
    if node.domain:
        return None
    sizes = dims(node.inputs[X])
    heads = node.attributes.get_int("num_heads", 0) or None
    if len(sizes) not in (3, 4) or not isinstance(sizes[-1], int) or (len(sizes) == 3 and heads is None):
        return Refusal(f"its input has dims {sizes}; (B, H, S, D) or (B, S, H*D) of a known D expected")
    size = sizes[-1] if len(sizes) == 4 else sizes[-1] // (heads or 1)
    turned = node.attributes.get_int("rotary_embedding_dim", 0) or size
    return Match(node, heads if len(sizes) == 3 else None, size, turned)


def _cut(tape: Tape, x: ir.Value, match: Match) -> tuple[ir.Value, ir.Value]:
    sizes = embed(tape, np.array([match.turned, match.size - match.turned]), "rotary.sizes")
    front, rest = tape.op_multi_out("Split", [x, sizes], {"axis": -1}, num_outputs=2)
    return front, rest


def _halves(tape: Tape, x: ir.Value, match: Match) -> ir.Value:
    """Emit x with its halves, or the columns of each pair, in each other's place."""
    if _is_paired(match):
        order = np.arange(match.turned).reshape(-1, 2)[:, ::-1].reshape(-1)
        return tape.op("Gather", [x, embed(tape, order, "rotary.order")], {"axis": -1})
    sizes = embed(tape, np.array([match.turned // 2] * 2), "rotary.halves")
    first, second = tape.op_multi_out("Split", [x, sizes], {"axis": -1}, num_outputs=2)
    return tape.op("Concat", [second, first], {"axis": -1})


def _table(tape: Tape, match: Match, index: int) -> ir.Value:
    """Emit a cache (B|1, S, D/2), or (P, D/2) looked up, as (B|1, 1, S, D) or (B|1, S, 1, D)."""
    cache, positions = match.node.inputs[index], operand(match.node, POSITIONS)
    if positions is not None:
        cache = tape.op("Gather", [cache, positions], {"axis": 0})
    first = tape.op("Neg", [cache]) if index == SIN else cache
    if _is_paired(match):
        last = embed(tape, np.array([-1]), "rotary.last")
        pair = tape.op(
            "Concat", [tape.op("Unsqueeze", [half, last]) for half in (first, cache)], {"axis": -1}
        )
        table = reshaped(tape, pair, (0, 0, match.turned))
    else:
        table = tape.op("Concat", [first, cache], {"axis": -1})
    return tape.op(
        "Unsqueeze", [table, embed(tape, np.array([1 if match.heads is None else 2]), "rotary.heads")]
    )


def _is_paired(match: Match) -> bool:
    return bool(match.node.attributes.get_int("interleaved", 0))
