"""The masks of a hand-written attention as the one additive mask that the operator takes."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import Dims, dims, embed, same_dim
from edgeattn_export.recover.rules.attention_scores import Bias, Fade, Fill, GroupedBias, Mask, Scores

# Added to any score it gives itself again: a row with nothing to attend to stays uniform, as a fill makes it.
# onnxruntime would take float32's lowest number for minus infinity, and answer such a row with zeros.
EXCLUDED = -1e30


def build_mask(tape: Tape, scores: Scores, filled: tuple[bool, ...]) -> ir.Value | None:
    """Emit the additive mask, of dims broadcastable to the scores' with S written out.

    onnxruntime's CPU kernel broadcasts over the batch and the heads, but not over the query's length.

    Args:
        tape: Where to record it.
        scores: Dims (..., S, T), as many axes as the attention has.
        filled: Which of the axes before S are written out too, where there are five.
    """
    mask: ir.Value | None = None
    for laid in scores.masks:
        match laid:
            case Fill():
                mask = _filled(tape, mask, laid)
            case Bias() | GroupedBias():
                added = _bias(tape, laid, scores.query)
                mask = added if mask is None else tape.op("Add", [mask, added])
            case Fade():
                added = tape.op("Log", [laid.factor])
                mask = added if mask is None else tape.op("Add", [mask, added])
    if mask is None or _fits(scores):
        return mask
    return tape.op("Expand", [mask, _score_dims(tape, scores, filled)])  # (B|1, H|1, S, T)


def mask_dims(laid: Mask) -> Dims:
    """Return a mask's own dims."""
    match laid:
        case Fill():
            return dims(laid.condition)
        case Fade():
            return dims(laid.factor)
        case _:
            return dims(laid.mask)


def _bias(tape: Tape, bias: Bias | GroupedBias, query: ir.Value) -> ir.Value:
    floor = embed(tape, np.array(EXCLUDED, np.float32), f"{bias.mask.name}.floor")
    if isinstance(bias, GroupedBias):
        return _repeated(tape, tape.op("Max", [bias.mask, floor]), bias.mask, query)
    if bias.factor == 1.0:
        return tape.op("Max", [bias.mask, floor])
    factor = embed(tape, np.array(bias.factor, np.float32), f"{bias.mask.name}.factor")
    return tape.op("Max", [tape.op("Mul", [bias.mask, factor]), floor])


def _repeated(tape: Tape, mask: ir.Value, like: ir.Value, query: ir.Value) -> ir.Value:
    """Emit a mask (1, G, 1|H, S, T) as (B*G, 1|H, S, T), for a query (B*G, H, S, D)."""
    name, (_, groups, *rest) = like.name, dims(like)
    rows = tape.op("Shape", [query], {"start": 0, "end": 1})  # B*G
    images = tape.op("Div", [rows, embed(tape, np.array([groups], np.int64), f"{name}.groups")])
    ones = embed(tape, np.ones(4, np.int64), f"{name}.ones")
    repeated = tape.op("Expand", [mask, tape.op("Concat", [images, ones], {"axis": 0})])  # (B, G, 1|H, S, T)
    flat = embed(tape, np.array([-1, *rest], np.int64), f"{name}.dims")
    return tape.op("Reshape", [repeated, flat])  # (B*G, 1|H, S, T)


def _filled(tape: Tape, mask: ir.Value | None, fill: Fill) -> ir.Value:
    name = fill.condition.name
    value = -np.inf if np.isneginf(fill.value) else EXCLUDED
    shown = fill.condition
    if shown.dtype is not ir.DataType.BOOL:
        shown = tape.op("Cast", [shown], {"to": ir.DataType.BOOL})
    excluded = embed(tape, np.array(value, np.float32), f"{name}.excluded")
    rest = embed(tape, np.array(0.0, np.float32), f"{name}.kept") if mask is None else mask
    return tape.op("Where", [shown, excluded, rest] if fill.when else [shown, rest, excluded])


def _fits(scores: Scores) -> bool:
    """Say whether the masks together have the dims that the operator takes."""
    if len(scores.masks) != 1:
        return False
    laid = scores.masks[0]
    if isinstance(laid, GroupedBias):
        return len(dims(scores.product)) == 4
    found = mask_dims(laid)
    return (
        len(dims(scores.product)) < 5
        and len(found) in (2, 4)
        and all(map(same_dim, found[-2:], dims(scores.product)[-2:]))
    )


def _score_dims(tape: Tape, scores: Scores, filled: tuple[bool, ...]) -> ir.Value:
    """Emit (1, 1, S, T) as int64; of more axes, each size that is ``filled``."""
    one = embed(tape, np.array([1], np.int64), f"{scores.product.name}.one")
    leading = (
        [one, one]
        if len(filled) < 3
        else [
            _size(tape, scores, axis - len(filled) - 2, scores.query) if full else one
            for axis, full in enumerate(filled)
        ]
    )
    queries = _size(tape, scores, -2, scores.query)
    keys = _size(tape, scores, -1, scores.keys_transposed)
    return tape.op("Concat", [*leading, queries, keys], {"axis": 0})


def _size(tape: Tape, scores: Scores, axis: int, source: ir.Value) -> ir.Value:
    size = dims(scores.product)[axis]
    if isinstance(size, int):
        return embed(tape, np.array([size], np.int64), f"{scores.product.name}.size")
    at = len(dims(source)) + axis
    # A size that an input has is asked of the input, so that the layers share one mask.
    graph = source.graph
    for value in graph.inputs if graph is not None else ():
        if size is not None and size in dims(value):
            source, at = value, dims(value).index(size)
            break
    return tape.op("Shape", [source], {"start": at, "end": at + 1})
