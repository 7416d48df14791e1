"""Heads that are folded into the batch for a product get their own axis back: one spelling is left to read.

Before: Reshape(MatMul(Reshape(q, (B*H, S, D)), Reshape(k, (B*H, D, T))) * s + m, (B, H, S, T))
After:  MatMul(q, k) * s + m                              q (B, H, S, D); k (B, H, D, T)

Before: Softmax(Reshape(x, (B*H, S, T)))
After:  Reshape(Softmax(x), (B*H, S, T))

Before: MatMul(Reshape(w, (B*H, S, T)), Reshape(v, (B*H, T, D)))
After:  Reshape(MatMul(w, v), (B*H, S, D))

So compute BLOOM, OPT and DeBERTa: products of three axes, a mask or a softmax of four.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import (
    Dims,
    axis_of,
    constant,
    dims,
    embed,
    is_constant,
    only_user,
    producer,
    same_dim,
    same_dims,
    sources,
    swaps_matrix,
)
from edgeattn_export.graph.emit import described
from edgeattn_export.graph.rule import Emit, Replaced, rule
from edgeattn_export.recover.products import ELEMENTWISE, is_product, is_softmax


@rule("folded heads", "Reshape", "Softmax", "MatMul")
def unfold_heads(node: ir.Node) -> Emit | None:
    """Match an unfolded product of activations, a folded softmax, or a product of folded weights."""
    if node.op_type == "Reshape":
        product = _folds(node.outputs[0], node.inputs[0]) and is_product(node.inputs[0])
        return partial(_emit, node, node.outputs[0]) if product else None
    fold = producer(node.inputs[0], "Reshape")
    unfolded = fold.inputs[0] if fold else None
    if unfolded is None or not _folds(unfolded, node.inputs[0]):
        return None
    if node.op_type == "Softmax":
        matches = axis_of(node, -1) == 2
    else:
        matches = is_softmax(unfolded) and not is_constant(node.inputs[1])
    return partial(_emit, node, unfolded) if matches else None


def _emit(node: ir.Node, unfolded: ir.Value, tape: Tape) -> Replaced:
    """Emit a node on ``unfolded`` (B, H, ...), and the fold after it where somebody needs it."""
    (source, *other), output = sources(node), node.outputs[0]
    folded, leading = dims(source)[0], dims(unfolded)[:2]
    if node.op_type == "Reshape":
        return {output: _Unfolding(tape, folded, leading, _first_two(tape, *other)).of(source)}
    if node.op_type == "Softmax":
        weights = described(tape.op("Softmax", [unfolded], {"axis": -1}), unfolded)
        return {output: tape.op("Reshape", [weights, tape.op("Shape", [source])])}
    sizes = tape.op("Shape", [unfolded], {"start": 0, "end": 2})
    values = _Unfolding(tape, folded, leading, sizes).of(*other)
    product = tape.op("MatMul", [unfolded, values])  # (B, H, S, D)
    user = only_user(output)
    if user is not None and user.op_type == "Reshape" and _folds(user.outputs[0], output):
        return {user.outputs[0]: product}
    rest = tape.op("Shape", [product], {"start": 2, "end": 4})
    any_size = embed(tape, np.array([-1], np.int64), f"{output.name}.folded")
    return {output: tape.op("Reshape", [product, tape.op("Concat", [any_size, rest], {"axis": 0})])}


@dataclass(frozen=True, slots=True)
class _Unfolding:
    """From (B*H, ...) to (B, H, ...): the dims, and as int64 (2) the sizes, of the two axes."""

    tape: Tape
    folded: int | str | None
    leading: Dims
    sizes: ir.Value

    def of(self, value: ir.Value) -> ir.Value:
        """Emit a value with its heads unfolded; what has none, or one for all, stays as it is."""
        if len(dims(value)) < 3 or not same_dim(dims(value)[0], self.folded):
            return value
        node = producer(value, "MatMul", "Softmax", "Transpose", "Reshape", *ELEMENTWISE)
        made_of = sources(node) if node is not None else ()
        unfolded_dims = (*self.leading, *dims(value)[1:])
        match node.op_type if node is not None else None:
            case "Reshape" if same_dims(dims(made_of[0]), unfolded_dims):
                return made_of[0]
            case "Transpose" if swaps_matrix(node):
                result = self.tape.op("Transpose", [self.of(made_of[0])], {"perm": (0, 1, 3, 2)})
            case "Softmax" if node is not None and axis_of(node, -1) == 2:
                result = self.tape.op("Softmax", [self.of(made_of[0])], {"axis": -1})
            case "MatMul" | "Mul" | "Div" | "Add" | "Sub" | "Where" as op_type:
                result = self.tape.op(op_type, [self.of(side) for side in made_of])
            case _:
                rest = self.tape.op("Shape", [value], {"start": 1, "end": 3})
                whole = self.tape.op("Concat", [self.sizes, rest], {"axis": 0})
                result = self.tape.op("Reshape", [value, whole])
        return described(result, value, unfolded_dims)


def _folds(unfolded: ir.Value, folded: ir.Value | None) -> bool:
    """Say whether the two first of four axes are one of the three of ``folded``."""
    four, three = dims(unfolded), dims(folded)
    return len(four) == 4 and len(three) == 3 and all(map(same_dim, four[2:], three[1:]))


def _first_two(tape: Tape, sizes: ir.Value) -> ir.Value:
    array = constant(sizes)
    if array is not None:
        return embed(tape, array[:2], f"{sizes.name}.leading")
    bounds = [embed(tape, np.array([at], np.int64), f"leading.{at}") for at in (0, 2)]
    return tape.op("Slice", [sizes, *bounds])
