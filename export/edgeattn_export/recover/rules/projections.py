"""Projections of one input, for one attention, become one product.

Before: Attention(MatMul(x, wq) + bq, MatMul(x, wk) + bk, MatMul(x, wv) + bv)
After:  Attention(*Split(MatMul(x, Concat(wq, wk, wv)) + Concat(bq, bk, bv)))

Cross-attention merges its keys and values alone.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from edgeattn_export.graph.rule import Refusal
from edgeattn_export.graph.scopes import MODULE, joint_module
from edgeattn_export.recover.rules.attention.sink import keys_and_values


@dataclass(frozen=True, slots=True)
class Projection:
    """``output = source @ weight + bias``: weight (D, N), bias (N) or None."""

    source: ir.Value
    weight: ir.Value
    bias: ir.Value | None
    product: ir.Node
    output: ir.Value


class MergeProjections:
    """Merges query, key and value projections: one pass over the input, one larger product."""

    name = "projections"
    roots = frozenset({"Attention"})

    def check(self, node: ir.Node) -> tuple[Projection, ...] | Refusal | None:
        """Match two or three projections of the same input; refuse where only some have a bias."""
        inputs = dict.fromkeys((node.inputs[0], *keys_and_values(node).both))
        projections = [p for p in map(_projection, inputs) if p is not None]
        groups = [[p for p in projections if p.source is first.source] for first in projections]
        group = max(groups, key=len, default=[])
        if len(group) < 2:
            return None
        if len({p.bias is None for p in group}) > 1:
            return Refusal(
                "some of its projections have a bias and some have none; give all or none of them one"
            )
        return tuple(group)

    def rewrite(self, tape: Tape, match: tuple[Projection, ...]) -> Mapping[ir.Value, ir.Value]:
        """Emit the merged product and its split."""
        module = joint_module(p.product for p in match)
        weight = np.concatenate([_constant_array(p.weight) for p in match], axis=1)  # (D, N1 + N2 + ...)
        merged = tape.op("MatMul", [match[0].source, embed(tape, weight, f"{module}.weight")])
        _describe(merged, match[0].source, weight.shape[1])
        biases = [p.bias for p in match if p.bias is not None]
        if biases:
            bias = np.concatenate([_constant_array(b) for b in biases])
            merged = tape.op("Add", [merged, embed(tape, bias, f"{module}.bias")])
            _describe(merged, match[0].source, weight.shape[1])
        sizes = np.array([dims(p.weight)[1] for p in match], np.int64)
        parts = tape.op_multi_out(
            "Split", [merged, embed(tape, sizes, f"{module}.sizes")], {"axis": -1}, num_outputs=len(match)
        )
        for node in tape.nodes:
            node.metadata_props[MODULE] = module
        return {p.output: part for p, part in zip(match, parts, strict=True)}


def _projection(value: ir.Value | None) -> Projection | None:
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


def _constant_array(value: ir.Value) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    array = constant(value)
    if array is None:
        raise TypeError(f"{value.name}: not constant; check lets only constants pass")
    return array


def _describe(value: ir.Value, source: ir.Value, size: int) -> None:
    value.type = source.type
    value.shape = ir.Shape([*(source.shape or ())[:-1], size])
