"""Rotary positions written by their formula become one operator.

Before: x * cos + Concat(-x2, x1) * sin                  x1, x2 = Split(x); x (B, H, S, D)
After:  RotaryEmbedding(x, cos[:, :D/2], sin[:, :D/2])   cos, sin (S, D), both halves alike

Where x is what a projection gave, split into heads and transposed, the operator takes it before that, as
(B, S, H*D), so that nothing is left between projection and attention that would have to be transposed.

Su et al. 2021, "RoFormer", section 3.4.2, in the halves of GPT-NeoX. At one token a call the dispatch of six
operators for each query and key is what takes the time: a step of the story model, with 100 tokens behind it,
has 117 operators for 185 and takes 136 us for 168 on one core; a prompt of 16 tokens 280 us for 334.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import (
    axis_of,
    constant,
    dims,
    embed,
    is_constant,
    operand,
    permutation,
    producer,
    same_dim,
    same_dims,
    scalar,
)
from edgeattn_export.graph.emit import described
from edgeattn_export.graph.rule import Emit, Replaced, rule

HEADS_LAST = (0, 2, 1, 3)  # (B, H, S, D) from (B, S, H, D), and back
SAME_COLUMNS = frozenset({"Cast", "Cos", "Expand", "Gather", "Identity", "Mul", "Sin", "Slice", "Unsqueeze"})


@rule("rotary embedding", "Add")
def recover_rotary_embedding(node: ir.Node) -> Emit | None:
    """Match the sum of both products, in any order, with tables whose halves are known to be equal."""
    left, right = (producer(value, "Mul") for value in node.inputs)
    if left is None or right is None:
        return None
    for straight, turned in ((left, right), (right, left)):
        factors = _factors(straight, turned)
        if factors is not None and all(_is_table(table, factors[0]) for table in factors[1:]):
            return partial(_emit, *factors, node.outputs[0])
    return None


def _emit(x: ir.Value, cos: ir.Value, sin: ir.Value, output: ir.Value, tape: Tape) -> Replaced:
    """Emit the operator, and the split into heads behind it where it was before."""
    tables = [_as_cache(tape, table, x) for table in (cos, sin)]
    flat = _before_heads(x)
    if flat is None:
        return {output: tape.op("RotaryEmbedding", [x, *tables])}
    source, reshape = flat
    rotated = tape.op("RotaryEmbedding", [source, *tables], {"num_heads": dims(x)[1]})  # (B, S, H*D)
    inputs = [described(rotated, source), reshape.inputs[1]]
    heads = described(tape.op("Reshape", inputs, dict(reshape.attributes)), reshape.outputs[0])
    return {output: tape.op("Transpose", [heads], {"perm": HEADS_LAST})}  # (B, H, S, D)


def _factors(straight: ir.Node, turned: ir.Node) -> tuple[ir.Value, ir.Value, ir.Value] | None:
    """Return x, cos and sin."""
    for half_turn, sin in (turned.inputs, reversed(turned.inputs)):
        x = _half_turned(half_turn)
        if x is not None and sin is not None and x in straight.inputs:
            cos = straight.inputs[1] if straight.inputs[0] is x else straight.inputs[0]
            return None if cos is None else (x, cos, sin)
    return None


def _half_turned(value: ir.Value | None) -> ir.Value | None:
    """Return x where ``value`` is Concat(-x2, x1), the halves of x (B, H, S, D)."""
    concat = producer(value, "Concat")
    if concat is None or len(concat.inputs) != 2 or axis_of(concat, 0) != 3:
        return None
    minus = producer(concat.inputs[0], "Neg")
    second, first = minus.inputs[0] if minus is not None else None, concat.inputs[1]
    x, other = _half(first, 0), _half(second, 1)
    return x if x is other and len(dims(x)) == 4 else None


def _half(value: ir.Value | None, index: int) -> ir.Value | None:
    """Return what ``value`` is the first (0) or second (1) half of, along the last axis."""
    node = producer(value, "Split", "Slice")
    whole = node.inputs[0] if node is not None else None
    if node is None or value is None or whole is None:
        return None
    half = dims(value)[-1] if dims(value) else None
    if not isinstance(half, int) or dims(whole)[-1:] != (2 * half,):
        return None
    if node.op_type == "Split":
        is_half = axis_of(node, 0) == len(dims(whole)) - 1 and node.outputs[index] is value
    else:
        axis, step = (scalar(operand(node, i)) for i in (3, 4))
        last = axis in (-1, len(dims(whole)) - 1) and step in (None, 1)
        is_half = last and scalar(node.inputs[1]) == index * half
    return whole if is_half else None


def _is_table(table: ir.Value, x: ir.Value) -> bool:
    """Say whether a table has one row a position of x, the same for every head, with equal halves."""
    *leading, length, size = dims(table) if len(dims(table)) >= 2 else (None, None)
    batch = leading[0] if len(leading) == 2 else 1
    return (
        len(leading) <= 2
        and same_dim(length, dims(x)[2])
        and same_dim(size, dims(x)[3])
        and leading[-1:] in ([], [1])  # the axis of heads
        and (batch == 1 or same_dim(batch, dims(x)[0]))
        and _has_equal_halves(table)
    )


def _has_equal_halves(table: ir.Value | None) -> bool:
    """Say whether the last axis holds the same twice, as far as the graph shows it."""
    if is_constant(table):
        array = constant(table)
        return array is not None and array.size > 1 and np.array_equal(*np.split(array, 2, axis=-1))
    concat = producer(table, "Concat")
    if concat is not None and axis_of(concat, 0) == len(dims(table)) - 1:
        return len(concat.inputs) == 2 and concat.inputs[0] is concat.inputs[1]
    node = producer(table, *SAME_COLUMNS)
    if node is None or dims(node.inputs[0])[-1:] != dims(table)[-1:]:
        return False
    plain = node.op_type != "Mul" or scalar(node.inputs[1]) is not None
    return plain and (node.op_type != "Gather" or axis_of(node, 0) == 0) and _has_equal_halves(node.inputs[0])


def _as_cache(tape: Tape, table: ir.Value, x: ir.Value) -> ir.Value:
    """Emit a table's first half as (B|1, S, D/2)."""
    rank, size = len(dims(table)), int(dims(x)[3] or 0)
    bounds = [embed(tape, np.array([n]), f"rotary.{n}") for n in (0, size // 2, -1)]
    cache = tape.op("Slice", [table, *bounds])
    if rank != 3:
        axis = embed(tape, np.array([0 if rank == 2 else 1]), "rotary.axis")
        cache = tape.op("Unsqueeze" if rank == 2 else "Squeeze", [cache, axis])  # (B|1, S, D/2)
    batch = dims(table)[0] if rank == 4 else 1
    return described(cache, table, (batch, dims(table)[-2], size // 2))


def _before_heads(x: ir.Value) -> tuple[ir.Value, ir.Node] | None:
    """Return (B, S, H*D) and the reshape that splits its heads, where x is that, transposed."""
    transpose = producer(x, "Transpose")
    reshape = producer(transpose.inputs[0], "Reshape") if transpose is not None else None
    source = reshape.inputs[0] if reshape is not None else None
    if transpose is None or reshape is None or source is None or permutation(transpose) != HEADS_LAST:
        return None
    batch, heads, length, size = dims(x)
    if not isinstance(heads, int) or not isinstance(size, int):
        return None
    return (source, reshape) if same_dims(dims(source), (batch, length, heads * size)) else None
