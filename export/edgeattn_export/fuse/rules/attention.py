"""Attention written by hand becomes one operator.

Before: MatMul(Softmax(MatMul(q, k^T) * s + m), v)     q, k, v: (B, H, S|T, D)
After:  Attention(q, k, v, m, scale=s)

The scale may be a multiplication or a division, on the scores, the query or the keys; the mask an addition or
a Where with a fill that excludes; any number of each, in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.fuse.dataflow import axis_of, dims, only_user, permutation, producer, same_dim
from edgeattn_export.fuse.rule import Refusal
from edgeattn_export.fuse.rules.attention_mask import build_mask
from edgeattn_export.fuse.rules.attention_scores import Scores, read_scores, unscaled

KEYS_TRANSPOSED = (0, 1, 3, 2)


@dataclass(frozen=True, slots=True)
class Match:
    """The parts of one attention; ``output`` is what it replaces."""

    scores: Scores
    value: ir.Value
    output: ir.Value


class RecoverAttention:
    """Recovers attention by its data flow, softmax(QK^T s + m)V, whoever spelled it."""

    name = "attention"
    roots = frozenset({"MatMul"})

    def check(self, node: ir.Node) -> Match | Refusal | None:
        """Match the last product; refuse where the weights are wanted, or the scores are not readable."""
        softmax = producer(node.inputs[0], "Softmax")
        if softmax is None or axis_of(softmax, -1) != len(dims(softmax.inputs[0])) - 1:
            return None
        if only_user(softmax.outputs[0]) is not node:
            return Refusal(
                "its attention weights are used elsewhere too, and the operator does not give them"
            )
        scores = read_scores(softmax.inputs[0])
        if isinstance(scores, Refusal) or scores is None:
            return scores
        value = node.inputs[1]
        if value is None:
            return None
        return _misfit(scores, value) or Match(scores, value, node.outputs[0])

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit one Attention on 4-D inputs, and the mask as it wants it."""
        query, query_scale = unscaled(match.scores.query)
        keys, key_scale = _keys(tape, match.scores.keys_transposed)
        scale = match.scores.scale * query_scale * key_scale
        mask = build_mask(tape, match.scores)
        inputs = [query, keys, match.value] + ([mask] if mask is not None else [])
        return {match.output: tape.op("Attention", inputs, {"scale": scale})}


def _misfit(scores: Scores, value: ir.Value) -> Refusal | None:
    query, keys = dims(scores.query), dims(scores.keys_transposed)  # (B, H, S, D), (B, H, D, T)
    values = dims(value)  # (B, H, T, Dv)
    if not len(query) == len(keys) == len(values) == 4:
        ranks = f"{len(query)}, {len(keys)} and {len(values)}"
        return Refusal(
            f"query, keys and values have rank {ranks}; rank 4 (batch, heads, length, size) expected"
        )
    if not (same_dim(query[3], keys[2]) and same_dim(keys[3], values[2])):
        return Refusal(f"query {query}, transposed keys {keys} and values {values} do not fit together")
    if not (same_dim(query[1], keys[1]) and same_dim(query[1], values[1])):
        return Refusal(
            f"query, keys and values have {query[1]}, {keys[1]} and {values[1]} heads; equal ones expected"
        )
    return None


def _keys(tape: Tape, transposed: ir.Value) -> tuple[ir.Value, float]:
    """Return the keys as (B, H, T, D), and the scale that was on them."""
    transposed, outer = unscaled(transposed)
    node = producer(transposed, "Transpose")
    if node is None or node.inputs[0] is None:
        return tape.op("Transpose", [transposed], {"perm": KEYS_TRANSPOSED}), outer  # (B, H, T, D)
    source, inner = unscaled(node.inputs[0])
    perm = permutation(node)
    perm = (*perm[:2], perm[3], perm[2])
    if perm == (0, 1, 2, 3):
        return source, outer * inner
    keys = tape.op("Transpose", [source], {"perm": perm})  # (B, H, T, D)
    keys.shape = ir.Shape([(source.shape or ())[axis] for axis in perm])
    keys.type = source.type
    return keys, outer * inner
