"""Scores with the keys as rows are transposed to have the queries as rows: one spelling is left to read.

Before: Transpose(Softmax(MatMul(k, Transpose(q)) * s + Transpose(m), axis=-2))
Before: Softmax(Transpose(MatMul(k, Transpose(q)) * s + Transpose(m)))
After:  Softmax(MatMul(q, Transpose(k)) * s + m)

Before: MatMul(Transpose(v), Transpose(w))
After:  Transpose(MatMul(w, v))

Transpose swaps the last two axes; w is a softmax over the keys.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import (
    axis_of,
    dims,
    embed,
    only_user,
    producer,
    sources,
    swaps_matrix,
)
from edgeattn_export.graph.emit import described, transposed
from edgeattn_export.graph.rule import Emit, Replaced, rule
from edgeattn_export.recover.products import ELEMENTWISE, is_product


@rule("transposed scores", "Softmax", "Transpose", "MatMul")
def transpose_scores(node: ir.Node) -> Emit | None:
    """Match what is transposed between a product of two activations and a product with values."""
    rank = len(dims(node.inputs[0]))
    match node.op_type:
        case "Softmax":
            swaps = [swaps_matrix(use.node) for use in node.outputs[0].uses()]
            over_columns = rank > 2 and axis_of(node, -1) == rank - 2
            matches = over_columns and bool(swaps) and all(swaps) and is_product(node.inputs[0])
        case "Transpose":
            matches = swaps_matrix(node) and is_product(node.inputs[0]) and _meets_softmax(node.outputs[0])
        case _:
            weights = producer(node.inputs[1], "Transpose")
            matches = swaps_matrix(weights) and weights is not None and _is_softmax(weights.inputs[0])
    return partial(_emit, node) if matches else None


def _emit(node: ir.Node, tape: Tape) -> Replaced:
    """Emit the queries as rows."""
    (first, *others), output = sources(node), node.outputs[0]
    if node.op_type == "Transpose":
        return {output: _transposed(tape, first)}
    if node.op_type == "Softmax":
        weights = tape.op("Softmax", [_transposed(tape, first)], {"axis": -1})
        return {use.node.outputs[0]: weights for use in output.uses()}
    weights = _transposed(tape, *others)
    mixed = tape.op("MatMul", [weights, _transposed(tape, first)])  # (..., S, D)
    user = only_user(output)
    if user is not None and swaps_matrix(user):
        return {user.outputs[0]: mixed}
    return {output: tape.op("Transpose", [mixed], {"perm": _swap(len(dims(output)))})}


def _transposed(tape: Tape, value: ir.Value) -> ir.Value:
    """Emit a value with its last two axes swapped, by transposing what it is made of."""
    rank = len(dims(value))
    if rank == 0:
        return value
    if rank == 1:  # broadcast along columns: now along rows
        axis = embed(tape, np.array([1], np.int64), f"{value.name}.axis")
        return described(tape.op("Unsqueeze", [value, axis]), value, (*dims(value), 1))
    node = producer(value, "MatMul", "Transpose", *ELEMENTWISE)
    made_of = sources(node) if node is not None else ()
    if swaps_matrix(node):
        return made_of[0]
    if node is None or (node.op_type not in ELEMENTWISE and not is_product(value)):
        return transposed(tape, value, _swap(rank))
    sides = made_of if node.op_type in ELEMENTWISE else made_of[::-1]
    result = tape.op(node.op_type, [_transposed(tape, side) for side in sides])
    return described(result, value, tuple(dims(value)[axis] for axis in _swap(rank)))


def _swap(rank: int) -> tuple[int, ...]:
    return (*range(rank - 2), rank - 1, rank - 2)


def _meets_softmax(value: ir.Value) -> bool:
    users = [use.node for use in value.uses()]
    onward = (user for user in users if user.op_type in ELEMENTWISE)
    return any(user.op_type == "Softmax" for user in users) or any(
        _meets_softmax(user.outputs[0]) for user in onward
    )


def _is_softmax(value: ir.Value | None) -> bool:
    node = producer(value, "Softmax")
    return node is not None and axis_of(node, -1) == len(dims(value)) - 1
