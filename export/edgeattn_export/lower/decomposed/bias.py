"""What is added to an attention's scores: finite, so that no softmax meets an infinity.

Before: a mask of bool, true where a key is visible; one of floats, -inf where it is not; is_causal
After:  Where(visible, m, FLOOR), Max(m, FLOOR)

A query that sees no key at all gets zeros of the operator, and would get the mean of all values by a finite
mask. Where a mask may leave such a row, the answer is multiplied by 1 where the query sees a key, else by 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, embed, is_constant, operand
from edgeattn_export.graph.emit import emit_positions, emit_size
from edgeattn_export.recover.rules.attention.mask import holds_infinity, reads_input, sources_of

MASK = 3  # input of the operator
# Added to any score it gives itself again, so that a row of nothing else stays uniform.
FLOOR = float(np.float32(-1e30))


@dataclass(frozen=True, slots=True)
class Bias:
    """What follows from an attention's mask.

    Attributes:
        added: To the scores, broadcastable to (B, H, S, T); None where nothing is.
        visible: (B|1, H|1, S|1, 1), 1 where a query sees a key, else 0; None where each sees one.
    """

    added: ir.Value | None
    visible: ir.Value | None


def emit_bias(tape: Tape, node: ir.Node) -> Bias:
    """Emit an attention's mask."""
    mask = operand(node, MASK)
    causal = _causal(tape, node) if node.attributes.get_int("is_causal", 0) else None
    flags, numbers = (mask, None) if mask is not None and mask.dtype is ir.DataType.BOOL else (None, mask)
    shown = [value for value in (causal, flags) if value is not None]
    empties: list[ir.Value] = []
    if mask is not None and may_empty(mask):
        empties = shown if numbers is None else [*shown, _finite(tape, numbers)]
    return Bias(
        _added(tape, _visible_in_all(tape, shown), numbers), _visible(tape, _visible_in_all(tape, empties))
    )


def _added(tape: Tape, visible_keys: ir.Value | None, numbers: ir.Value | None) -> ir.Value | None:
    if visible_keys is None and numbers is None:
        return None
    floor = embed(tape, np.array(FLOOR, np.float32), "attention.floor")
    if numbers is not None:
        numbers = tape.op("Max", [numbers, floor])
    if visible_keys is None:
        return numbers
    visible = embed(tape, np.array(0, np.float32), "attention.kept") if numbers is None else numbers
    return tape.op("Where", [visible_keys, visible, floor])


def _visible(tape: Tape, visible_keys: ir.Value | None) -> ir.Value | None:
    if visible_keys is None:
        return None
    last = embed(tape, np.array([-1]), "attention.keys")
    numbers = tape.op("Cast", [visible_keys], {"to": ir.DataType.FLOAT})
    visible = tape.op("ReduceMax", [numbers, last], {"keepdims": 1})
    if dims(visible_keys):
        visible.dtype, visible.shape = ir.DataType.FLOAT, ir.Shape((*dims(visible_keys)[:-1], 1))
    return visible


def may_empty(mask: ir.Value) -> bool:
    """Say whether a mask may hide all keys of a query, and not by a finite number."""
    if is_constant(mask):
        array = np.asarray(constant(mask))
        masked_out = ~array if array.dtype.kind == "b" else np.isneginf(array)
        return bool(masked_out.all(-1).any())
    if mask.dtype is ir.DataType.BOOL:
        return reads_input(mask)
    given = any(source.is_graph_input() and source.dtype is mask.dtype for source in sources_of(mask))
    return given or (holds_infinity(mask) and reads_input(mask))


def _finite(tape: Tape, mask: ir.Value) -> ir.Value:
    """Emit where a mask is not minus infinity, by an operator that every engine has."""
    lowest = embed(tape, np.array(np.finfo(np.float32).min), "attention.lowest")
    return tape.op("GreaterOrEqual", [mask, lowest])


def _visible_in_all(tape: Tape, visible_keys: list[ir.Value]) -> ir.Value | None:
    if not visible_keys:
        return None
    return visible_keys[0] if len(visible_keys) == 1 else tape.op("And", visible_keys)


def _causal(tape: Tape, node: ir.Node) -> ir.Value:
    """Emit (S, T), true where a key is no later than the query."""
    queries, keys = (_positions(tape, node, operand) for operand in (0, 1))
    last = embed(tape, np.array([1]), "attention.last")
    return tape.op("GreaterOrEqual", [tape.op("Unsqueeze", [queries, last]), keys])


def _positions(tape: Tape, node: ir.Node, operand: int) -> ir.Value:
    """Emit 0, 1, ... of queries (0) or keys (1), int64."""
    value = node.inputs[operand]
    if value is None:
        raise TypeError(f"{node.name}: an Attention without query or keys")
    length = dims(value)[-2]
    if isinstance(length, int):
        return embed(tape, np.arange(length), f"positions.{length}")
    return emit_positions(tape, emit_size(tape, value, len(dims(value)) - 2))
