"""Attention written by hand becomes one operator.

Before: MatMul(Softmax(MatMul(q, Transpose(k)) * s + m), v)
After:  Attention(q, k, v, m, scale=s)             q, k, v (B, H, S|T, D), or with three or five axes

Before: w = Softmax(...), y = MatMul(w, v)
After:  y, w = Attention(...)                      where somebody else reads w: an output, a mean over heads

Before: MatMul(Slice(Softmax(Concat(..., sink)), [..., :-1]), v)
After:  Attention(q, Pad(k), Pad(v), ...)          a key of zeros for the sink: see ``sink``

The scale may be a multiplication or a division, on the scores, the query or the keys; the mask an addition, a
Where with a fill that excludes, or a factor on the weights; any number of each, in any order. A row with
nothing to attend to is uniform where its fill is finite; where it is minus infinity, PyTorch answers NaN and
the operator zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import (
    axis_of,
    dims,
    dims_text,
    only_user,
    permutation,
    producer,
    same_dim,
    same_dims,
)
from edgeattn_export.graph.emit import described, transposed
from edgeattn_export.graph.rule import Note, Refusal, Replaced, rule
from edgeattn_export.recover.rules.attention.axes import Axes
from edgeattn_export.recover.rules.attention.mask import FIVE, build_mask, mask_dims, may_empty, sources_of
from edgeattn_export.recover.rules.attention.outputs import with_weights
from edgeattn_export.recover.rules.attention.read_scores import read_scores
from edgeattn_export.recover.rules.attention.scores import Fade, Floor, Scores, unscaled
from edgeattn_export.recover.rules.attention.sink import sink_mask, with_sink_key, without_last
from edgeattn_export.recover.rules.attention.unrecognized import ROOTS, unrecognized
from edgeattn_export.recover.rules.attention.weights import read_weights

LENGTH = 2  # axis of keys and values (B, H, T, D)

EMPTY_ROWS = Note(
    "Empty rows",
    "its mask fills with minus infinity: a query whose keys are all masked out is NaN in PyTorch and "
    "a number here; if that can happen, fill with -1e9 instead, and both agree",
)


@dataclass(frozen=True, slots=True)
class Match:
    """The parts of one attention; it replaces ``output``, and ``weights`` where others read them too."""

    scores: Scores
    value: ir.Value
    output: ir.Value
    weights: ir.Value | None
    axes: Axes
    guarded: bool  # NaN is turned into 0 after softmax
    sink: ir.Value | None = None

    @property
    def note(self) -> Note | None:
        """Say where PyTorch's answer may be NaN and the operator's is none."""
        never = self.guarded or self.sink is not None
        return EMPTY_ROWS if not never and any(map(may_empty, self.scores.masks)) else None

    def __call__(self, tape: Tape) -> Replaced:
        """Emit one Attention on 4-D inputs, and the mask as it wants it."""
        scores, axes = self.scores, self.axes
        query, query_scale = unscaled(scores.query)
        keys, key_scale = _keys(tape, scores.keys_transposed)
        for factor in scores.factors:
            query = described(tape.op(factor.op_type, [query, factor.factor]), query)
        inputs = [axes.as_four(tape, value) for value in (query, keys, self.value)]
        filled = axes.filled(mask_dims(mask) for mask in scores.masks)
        mask = build_mask(tape, scores, filled)
        if mask is not None:
            mask = axes.four_of_mask(tape, mask, filled)
        if self.sink is not None:
            mask = sink_mask(tape, mask, self.sink, scores.keys_transposed)
            inputs[1:] = [with_sink_key(tape, value, LENGTH) for value in inputs[1:]]
        if mask is not None:
            inputs.append(mask)
        attributes = {"scale": scores.scale * query_scale * key_scale}
        if scores.cap is not None:
            attributes["softcap"] = scores.cap
        if self.weights is None:
            return axes.as_before(tape, tape.op("Attention", inputs, attributes), query, self.output)
        answer, weights = with_weights(tape, inputs, attributes)
        if self.sink is not None:
            weights = without_last(tape, weights)
        described(weights, self.weights, axes.dims_of_four(self.weights))
        return {
            **axes.as_before(tape, answer, query, self.output),
            **axes.as_before(tape, weights, query, self.weights),
        }


@rule("attention", "MatMul", *ROOTS)
def recover_attention(node: ir.Node) -> Match | Refusal | None:
    """Match the last product; refuse where the scores or the weights are not the operator's."""
    if node.op_type != "MatMul":
        return unrecognized(node)
    entering, value = node.inputs
    weights = read_weights(entering)
    if weights is None or entering is None or value is None:
        return None
    scores = read_scores(weights.x)
    if scores is None or (isinstance(scores, Scores) and scores.is_layer):
        return None
    if axis_of(weights.node, -1) != len(dims(weights.x)) - 1:
        return Refusal("its softmax is not taken over the keys, the last axis")
    if isinstance(scores, Refusal):
        return scores
    if weights.hidden is not None:
        scores = scores.with_hidden(weights.hidden.condition, weights.hidden.when)
        if scores is None:
            return Refusal("its weights are set to 0 where its scores are not masked; mask the scores")
    for factor in weights.fades:
        scores = scores.with_mask(Fade(factor))
    axes = _axes(scores, value)
    if isinstance(axes, Refusal):
        return axes
    if weights.sink is not None and (objection := _beside_sink(scores, axes)):
        return Refusal(objection)
    shared = None if only_user(entering) is node else entering
    if shared is not None and shared in sources_of(value):
        return Refusal("its values are made of its attention weights, which the operator has only after")
    if shared is not None and axes.heads is not None and dims(shared)[1] == 1:
        return Refusal(
            "its attention weights are used elsewhere too, with one head where its values have more"
        )
    guarded = entering.producer() is not weights.node
    return Match(scores, value, node.outputs[0], shared, axes, guarded=guarded, sink=weights.sink)


def _beside_sink(scores: Scores, axes: Axes) -> str | None:
    """Say why scores can have no sink, or None where they can."""
    if axes.rank == len(FIVE):
        return "a sink is joined to its scores, which have five axes; four expected"
    columns = [mask_dims(mask)[-1:] for mask in scores.masks if not isinstance(mask, Floor)]
    if any(not same_dims(column, dims(scores.product)[-1:]) for column in columns):
        return "a sink is joined to its scores, and its mask has no column for each key"
    return None


def _axes(scores: Scores, value: ir.Value) -> Axes | Refusal:
    """Return the axes of an attention, or why its parts do not fit together."""
    query = dims(unscaled(scores.query)[0])  # (B, H, S, D)
    keys = dims(unscaled(scores.keys_transposed)[0])  # (B, H, D, T)
    values = dims(value)  # (B, H, T, Dv)
    if not (len(query) == len(keys) == len(values) and len(values) in (3, 4, 5)):
        ranks = f"{len(query)}, {len(keys)} and {len(values)}"
        return Refusal(f"query, keys and values have rank {ranks}; equal ones expected, 3 to 5")
    if not (same_dim(query[-1], keys[-2]) and same_dim(keys[-1], values[-2])):
        query_and_keys = f"query ({dims_text(query)}), transposed keys ({dims_text(keys)})"
        return Refusal(f"{query_and_keys} and values ({dims_text(values)}) do not fit together")
    shared = keys[-3] == values[-3] == 1 and len(values) > 3  # one head of keys and values for all queries
    each = query[-3], keys[-3], values[-3]
    several = {heads for heads in each if isinstance(heads, int) and heads != 1}
    if len(values) == 4 and not shared and {1, *several} == {*each} and len(several) == 1:
        return Axes(4, heads=several.pop())
    if not (same_dim(query[-3], keys[-3]) and same_dim(query[-3], values[-3])) and not shared:
        heads = f"{dims_text(query[-3:-2])}, {dims_text(keys[-3:-2])} and {dims_text(values[-3:-2])}"
        return Refusal(f"query, keys and values have {heads} heads; equal ones expected, or one")
    outer = zip(query[:-3], keys[:-3], values[:-3], strict=True)
    if not all(same_dim(q, k) and same_dim(q, v) for q, k, v in outer if len(values) == 5):
        parts = f"query ({dims_text(query)}), keys ({dims_text(keys)}) and values ({dims_text(values)})"
        return Refusal(f"{parts} differ before their last three axes")
    return Axes(len(values), shared)


def _keys(tape: Tape, value: ir.Value) -> tuple[ir.Value, float]:
    """Return transposed keys as (..., T, D), and the scale that was on them."""
    value, outer = unscaled(value)
    node = producer(value, "Transpose")
    source, inner = (value, 1.0) if node is None or node.inputs[0] is None else unscaled(node.inputs[0])
    perm = permutation(node) if node is not None else tuple(range(len(dims(value))))
    perm = (*perm[:-2], perm[-1], perm[-2])
    if perm == tuple(range(len(perm))):
        return source, outer * inner
    return transposed(tape, source, perm), outer * inner  # (..., T, D)
