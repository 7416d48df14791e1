"""The mask of an Attention, built of what lies on its scores, and whether it may hide a whole row."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import (
    Dims,
    broadcast_dims,
    constant,
    dims,
    embed,
    is_constant,
    producer,
    size_source,
)
from edgeattn_export.recover.rules.attention.scores import Bias, Fade, Fill, Floor, GroupedBias, Mask, Scores

# Added to any score it gives itself again: a row with nothing to attend to stays uniform, as a fill makes it.
EXCLUDED = -1e30
LOWEST = float(np.finfo(np.float32).min)  # added to itself it is minus infinity, in PyTorch too
FIVE = range(5)  # axes of an attention, two of which become one


def build_mask(tape: Tape, scores: Scores, filled: tuple[bool, ...]) -> ir.Value | None:
    """Emit the additive mask, of dims broadcastable to the scores'.

    Args:
        tape: Where to record it.
        scores: Dims (..., S, T), as many axes as the attention has.
        filled: Which of the axes before S are written out, where there are five: two of them become one.
    """
    mask: ir.Value | None = None
    for part in scores.masks:
        match part:
            case Fill():
                mask = _filled(tape, mask, part)
            case Bias() | GroupedBias():
                added = _bias(tape, part, scores.query)
                mask = added if mask is None else tape.op("Add", [mask, added])
            case Fade():
                added = tape.op("Log", [part.factor])
                mask = added if mask is None else tape.op("Add", [mask, added])
            case Floor() if mask is not None:
                floor = embed(tape, np.array(part.value, np.float32), f"{scores.product.name}.floor")
                mask = tape.op("Max", [mask, floor])
    if mask is None:
        return None
    sizes = broadcast_dims(*map(_own_dims, scores.masks))
    if len(dims(scores.product)) == len(FIVE):
        mask, sizes = _filling(tape, mask, scores, filled), _filled_dims(sizes, scores, filled)
    if mask.shape is None:  # made here: of others the dims are known already
        mask.shape, mask.dtype = ir.Shape(sizes), ir.DataType.FLOAT
    return mask


def mask_dims(mask: Mask) -> Dims:
    """Return a mask's own dims."""
    match mask:
        case Fill():
            return dims(mask.condition)
        case Fade():
            return dims(mask.factor)
        case Floor():
            return ()
        case _:
            return dims(mask.mask)


def _own_dims(mask: Mask) -> Dims:
    return (None, *dims(mask.mask)[2:]) if isinstance(mask, GroupedBias) else mask_dims(mask)


def _filling(tape: Tape, mask: ir.Value, scores: Scores, filled: tuple[bool, ...]) -> ir.Value:
    """Emit a mask of five axes that fills some of the three before the queries."""
    one = embed(tape, np.array([1], np.int64), f"{scores.product.name}.one")
    leading = [_size(tape, scores, axis - len(FIVE)) if full else one for axis, full in enumerate(filled)]
    return tape.op("Expand", [mask, tape.op("Concat", [*leading, one, one], {"axis": 0})])


def _filled_dims(mask_sizes: Dims, scores: Scores, filled: tuple[bool, ...]) -> Dims:
    sizes = dims(scores.product)
    return (*(sizes[axis] if full else 1 for axis, full in enumerate(filled)), *mask_sizes[-2:])


def _bias(tape: Tape, bias: Bias | GroupedBias, query: ir.Value) -> ir.Value:
    if isinstance(bias, GroupedBias):
        return _repeated(tape, bias.mask, bias.mask, query)
    if bias.factor == 1.0:
        return bias.mask
    factor = embed(tape, np.array(bias.factor, np.float32), f"{bias.mask.name}.factor")
    return tape.op("Mul", [bias.mask, factor])


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
    value = -np.inf if np.isneginf(fill.value) else max(min(fill.value, EXCLUDED), LOWEST)
    condition = fill.condition
    if condition.dtype is not ir.DataType.BOOL:
        condition = tape.op("Cast", [condition], {"to": ir.DataType.BOOL})
    excluded = embed(tape, np.array(value, np.float32), f"{name}.excluded")
    rest = embed(tape, np.array(0.0, np.float32), f"{name}.kept") if mask is None else mask
    return tape.op("Where", [condition, excluded, rest] if fill.when else [condition, rest, excluded])


def _size(tape: Tape, scores: Scores, axis: int) -> ir.Value:
    """Emit the size of one of the scores' axes before the last two, counted from behind, as int64 (1)."""
    size = dims(scores.product)[axis]
    if isinstance(size, int):
        return embed(tape, np.array([size], np.int64), f"{scores.product.name}.size")
    source, at = size_source(scores.query, len(dims(scores.query)) + axis, size)
    return tape.op("Shape", [source], {"start": at, "end": at + 1})


def may_empty(mask: Mask) -> bool:
    """Say whether a mask hides by minus infinity where an input's numbers say so."""
    match mask:
        case Fill():
            return bool(np.isneginf(mask.value)) and reads_input(mask.condition)
        case Bias():
            return holds_infinity(mask.mask) and reads_input(mask.mask)
        case _:
            return False


def reads_input(value: ir.Value | None) -> bool:
    """Say whether a value follows from an input's numbers, not only from its dims."""
    return any(source.is_graph_input() for source in sources_of(value))


def holds_infinity(value: ir.Value | None) -> bool:
    """Say whether a value is made with minus infinity, or with a logarithm of what may be 0."""
    sources = sources_of(value)
    if any(producer(source, "Log") is not None for source in sources):
        return True
    arrays = (constant(source) for source in sources if is_constant(source))
    return any(array is not None and bool((array == -np.inf).any()) for array in arrays)


def sources_of(value: ir.Value | None) -> set[ir.Value]:
    """Return all values that a value's numbers are made of."""
    visited: set[ir.Value] = set()
    waiting = [value]
    while waiting:
        source = waiting.pop()
        if source is None or source in visited:
            continue
        visited.add(source)
        node = source.producer()
        if node is not None and node.op_type != "Shape":
            waiting += node.inputs
    return visited
