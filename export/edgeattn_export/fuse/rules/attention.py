"""Attention written by hand becomes one operator.

Before: MatMul(Softmax(MatMul(q, k^T) * s + m), v)     q, k, v: (B, H, S|T, D), or (N, S|T, D)
After:  Attention(q, k, v, m, scale=s)

The scale may be a multiplication or a division, on the scores, the query or the keys; the mask an addition or
a Where with a fill that excludes; any number of each, in any order. A row with nothing to attend to is
uniform where its fill is finite; where it is minus infinity, PyTorch answers NaN and the operator zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.fuse.dataflow import (
    axis_of,
    dims,
    embed,
    only_user,
    permutation,
    producer,
    same_dim,
    scalar,
)
from edgeattn_export.fuse.rule import Refusal
from edgeattn_export.fuse.rules.attention_mask import build_mask
from edgeattn_export.fuse.rules.attention_scores import Scores, read_scores, unscaled


@dataclass(frozen=True, slots=True)
class Match:
    """The parts of one attention; ``output`` is what it replaces."""

    scores: Scores
    value: ir.Value
    output: ir.Value

    @property
    def rank(self) -> int:
        """4 with heads, 3 where they are folded into the batch or there is but one."""
        return len(dims(self.value))


class RecoverAttention:
    """Recovers attention by its data flow, softmax(QK^T s + m)V, whoever spelled it."""

    name = "attention"
    roots = frozenset({"MatMul", "Softmax"})

    def check(self, node: ir.Node) -> Match | Refusal | None:
        """Match the last product; refuse where the weights are wanted, or the scores are not readable."""
        if node.op_type == "Softmax":
            return _diverted(node)
        weights, value = node.inputs
        softmax = _softmax(weights)
        if softmax is None or weights is None or value is None:
            return None
        if axis_of(softmax, -1) != len(dims(softmax.inputs[0])) - 1:
            return Refusal("its softmax is not taken over the keys, the last axis")
        scores = read_scores(softmax.inputs[0])
        if isinstance(scores, Refusal) or scores is None:
            return scores
        if only_user(weights) is not node:
            return Refusal(
                "its attention weights are used elsewhere too, and the operator does not give them"
            )
        return _misfit(scores, value) or Match(scores, value, node.outputs[0])

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit one Attention on 4-D inputs, and the mask as it wants it."""
        scores = match.scores
        query, query_scale = unscaled(scores.query)
        keys, key_scale = _keys(tape, scores.keys_transposed)
        for factor in scores.factors:
            query = tape.op(factor.op_type, [query, factor.factor])
        mask = build_mask(tape, scores)
        inputs = [_with_heads(tape, value, match.rank) for value in (query, keys, match.value)]
        attributes = {"scale": scores.scale * query_scale * key_scale}
        output = tape.op("Attention", [*inputs, mask] if mask is not None else inputs, attributes)
        if match.rank == 4:
            return {match.output: output}
        return {match.output: tape.op("Squeeze", [output, _first_axis(tape, match.output)])}  # (N, S, D)


def _diverted(softmax: ir.Node) -> Refusal | None:
    """Say what becomes of attention weights that meet no values."""
    scores = read_scores(softmax.inputs[0])
    users = [use.node for use in softmax.outputs[0].uses()]
    if scores is None or any(_softmax(value) is softmax for user in users for value in _weights_of(user)):
        return None
    if isinstance(scores, Refusal):
        return scores
    through = ", ".join(sorted({user.op_type for user in users})) or "the outputs"
    return Refusal(
        f"its weights go through {through} before they meet the values; the operator has none between"
    )


def _weights_of(user: ir.Node) -> tuple[ir.Value | None, ...]:
    """Return the weights with which ``user``, or a product behind its guard against NaN, is taken."""
    if user.op_type == "MatMul":
        return (user.inputs[0],)
    return tuple(
        use.node.inputs[0] for out in user.outputs for use in out.uses() if use.node.op_type == "MatMul"
    )


def _softmax(weights: ir.Value | None) -> ir.Node | None:
    """Return the softmax of the weights; a guard may turn its NaN into 0, as the operator does by itself."""
    guard = producer(weights, "Where")
    if guard is None or producer(guard.inputs[0], "IsNaN") is None or scalar(guard.inputs[1]) != 0.0:
        return producer(weights, "Softmax")
    softmax, is_nan = producer(guard.inputs[2], "Softmax"), producer(guard.inputs[0], "IsNaN")
    guarded = softmax is not None and is_nan is not None and is_nan.inputs[0] is softmax.outputs[0]
    return softmax if guarded else None


def _misfit(scores: Scores, value: ir.Value) -> Refusal | None:
    query = dims(unscaled(scores.query)[0])  # (B, H, S, D)
    keys = dims(unscaled(scores.keys_transposed)[0])  # (B, H, D, T)
    values = dims(value)  # (B, H, T, Dv)
    if not (len(query) == len(keys) == len(values) and len(values) in (3, 4)):
        ranks = f"{len(query)}, {len(keys)} and {len(values)}"
        return Refusal(f"query, keys and values have rank {ranks}; equal ones expected, 3 or 4")
    if not (same_dim(query[-1], keys[-2]) and same_dim(keys[-1], values[-2])):
        return Refusal(f"query {query}, transposed keys {keys} and values {values} do not fit together")
    shared = keys[-3] == values[-3] == 1 and len(values) == 4  # one head of keys and values for all queries
    if not (same_dim(query[-3], keys[-3]) and same_dim(query[-3], values[-3])) and not shared:
        heads = f"{query[-3]}, {keys[-3]} and {values[-3]}"
        return Refusal(f"query, keys and values have {heads} heads; equal ones expected, or one")
    return None


def _keys(tape: Tape, transposed: ir.Value) -> tuple[ir.Value, float]:
    """Return the keys as (..., T, D), and the scale that was on them."""
    transposed, outer = unscaled(transposed)
    node = producer(transposed, "Transpose")
    source, inner = (transposed, 1.0) if node is None or node.inputs[0] is None else unscaled(node.inputs[0])
    perm = permutation(node) if node is not None else tuple(range(len(dims(transposed))))
    perm = (*perm[:-2], perm[-1], perm[-2])
    if perm == tuple(range(len(perm))):
        return source, outer * inner
    keys = tape.op("Transpose", [source], {"perm": perm})  # (..., T, D)
    keys.shape = ir.Shape([(source.shape or ())[axis] for axis in perm])
    keys.type = source.type
    return keys, outer * inner


def _with_heads(tape: Tape, value: ir.Value, rank: int) -> ir.Value:
    """Give a value of rank 3 an axis in front: what was its batch are the heads, each by itself."""
    return value if rank == 4 else tape.op("Unsqueeze", [value, _first_axis(tape, value)])  # (1, N, S, D)


def _first_axis(tape: Tape, value: ir.Value) -> ir.Value:
    return embed(tape, np.array([0], np.int64), f"{value.name}.axis")
