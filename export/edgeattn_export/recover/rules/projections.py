"""Projections of one input, for one attention, become one product.

Before: Attention(MatMul(x, wq) + bq, MatMul(x, wk) + bk, MatMul(x, wv) + bv)
After:  Attention(*Split(MatMul(x, Concat(wq, wk, wv)) + Concat(bq, bk, bv)))

Cross-attention merges only its keys and values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import (
    constant,
    dims,
    embed,
    is_constant,
    only_user,
    producer,
    split_constant,
)
from edgeattn_export.graph.emit import described
from edgeattn_export.graph.rule import Emit, Refusal, Replaced, rule
from edgeattn_export.graph.scopes import MODULE, joint_module
from edgeattn_export.recover.rules.attention.sink import keys_and_values


@dataclass(frozen=True, slots=True)
class Projection:
    """``output = source @ weight + bias``: weight (D, N), bias (N) or None, both constant."""

    source: ir.Value
    weight: ir.Value
    bias: ir.Value | None
    product: ir.Node
    output: ir.Value


@rule("projections", "Attention")
def merge_projections(node: ir.Node) -> Emit | Refusal | None:
    """Match two or three projections of the same input; refuse where only some have a bias."""
    inputs = dict.fromkeys((node.inputs[0], *keys_and_values(node).both))
    projections = [p for p in map(read_projection, inputs) if p is not None]
    groups = [[p for p in projections if p.source is first.source] for first in projections]
    group = max(groups, key=len, default=[])
    if len(group) < 2:
        return None
    biases = [p.bias for p in group if p.bias is not None]
    if len(biases) not in (0, len(group)):
        return Refusal("some of its projections have a bias and some have none; give all or none of them one")

    def emit(tape: Tape) -> Replaced:
        module, source = joint_module(p.product for p in group), group[0].source
        weight = _side_by_side([p.weight for p in group])  # (D, N1 + N2 + ...)
        sizes = (*dims(source)[:-1], weight.shape[1])
        merged = tape.op("MatMul", [source, embed(tape, weight, f"{module}.weight")])
        described(merged, source, sizes)
        if biases:
            bias = embed(tape, _side_by_side(biases), f"{module}.bias")
            merged = described(tape.op("Add", [merged, bias]), source, sizes)
        widths = embed(tape, np.array([dims(p.weight)[1] for p in group], np.int64), f"{module}.sizes")
        parts = tape.op_multi_out("Split", [merged, widths], {"axis": -1}, num_outputs=len(group))
        for new in tape.nodes:
            new.metadata_props[MODULE] = module
        return {p.output: part for p, part in zip(group, parts, strict=True)}

    return emit


def read_projection(value: ir.Value | None) -> Projection | None:
    """Read a linear layer whose output is for one user."""
    if value is None or only_user(value) is None:
        return None
    add = producer(value, "Add")
    inner, bias = split_constant(add) if add else (value, None)
    product = producer(inner, "MatMul")
    if product is None or (add and only_user(product.outputs[0]) is not add):
        return None
    source, weight = product.inputs
    if source is None or weight is None or not is_constant(weight) or len(dims(weight)) != 2:
        return None
    if bias is not None and dims(bias) != dims(weight)[1:]:
        return None
    return Projection(source, weight, bias, product, value)


def _side_by_side(values: Sequence[ir.Value]) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    return np.concatenate([np.asarray(constant(value)) for value in values], axis=-1)
