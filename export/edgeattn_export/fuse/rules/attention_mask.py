"""The masks of a hand-written attention as the one additive mask that the operator takes."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.fuse.dataflow import dims, embed, same_dim
from edgeattn_export.fuse.rules.attention_scores import Bias, Fill, Scores

# Added to any score it gives itself again: a row with nothing to attend to stays uniform, as a fill makes it.
LOWEST = float(np.finfo(np.float32).min)


def build_mask(tape: Tape, scores: Scores) -> ir.Value | None:
    """Emit the additive mask, of dims broadcastable to (B, H, S, T) with S written out.

    onnxruntime's CPU kernel broadcasts over the batch and the heads, but not over the query's length.
    """
    mask: ir.Value | None = None
    for laid in scores.masks:
        mask = _added(tape, mask, laid) if isinstance(laid, Bias) else _filled(tape, mask, laid)
    if mask is None:
        return None
    wanted = dims(scores.product)[-2:]  # (S, T)
    found = dims(_shape_of(scores))[-2:]
    if len(found) == 2 and all(map(same_dim, found, wanted)):
        return mask
    return tape.op("Expand", [mask, _score_dims(tape, scores)])  # (B|1, H|1, S, T)


def _added(tape: Tape, mask: ir.Value | None, bias: Bias) -> ir.Value:
    added = bias.mask
    if bias.factor != 1.0:
        name = f"{bias.mask.name}.factor"
        added = tape.op("Mul", [added, embed(tape, np.array(bias.factor, np.float32), name)])
    return added if mask is None else tape.op("Add", [mask, added])


def _filled(tape: Tape, mask: ir.Value | None, fill: Fill) -> ir.Value:
    name = fill.condition.name
    # Whatever excludes may be the lowest number: its weight is 0 beside any other score.
    value = -np.inf if np.isneginf(fill.value) else LOWEST
    excluded = embed(tape, np.array(value, np.float32), f"{name}.excluded")
    rest = embed(tape, np.array(0.0, np.float32), f"{name}.kept") if mask is None else mask
    return tape.op(
        "Where", [fill.condition, excluded, rest] if fill.when else [fill.condition, rest, excluded]
    )


def _shape_of(scores: Scores) -> ir.Value | None:
    """Return a value with the whole mask's dims, where it is a single one."""
    if len(scores.masks) != 1:
        return None
    laid = scores.masks[0]
    return laid.mask if isinstance(laid, Bias) else laid.condition


def _score_dims(tape: Tape, scores: Scores) -> ir.Value:
    """Emit (1, 1, S, T) as int64."""
    name = f"{scores.product.name}.dims"
    ones = embed(tape, np.array([1, 1], np.int64), f"{name}.ones")
    sizes = [
        _size(tape, scores, axis, source, source_axis)
        for axis, source, source_axis in ((-2, scores.query, 2), (-1, scores.keys_transposed, 3))
    ]
    return tape.op("Concat", [ones, *sizes], {"axis": 0})


def _size(tape: Tape, scores: Scores, axis: int, source: ir.Value, source_axis: int) -> ir.Value:
    size = dims(scores.product)[axis]
    if isinstance(size, int):
        return embed(tape, np.array([size], np.int64), f"{scores.product.name}.size")
    # A size that an input has is asked of the input, so that the layers share one mask.
    graph = source.graph
    for value in graph.inputs if graph is not None else ():
        if size is not None and size in dims(value):
            source, source_axis = value, dims(value).index(size)
            break
    return tape.op("Shape", [source], {"start": source_axis, "end": source_axis + 1})
