"""Attention as the products that it consists of.

Before: Attention(q, k, v, m, scale=s, softcap=c)       (B, H, S|T, D), or (B, S|T, H*D)
After:  MatMul(Softmax(cap(MatMul(q * s, k^T)) + m'), v)     cap(x) = c * tanh(x / c), m' finite: see ``bias``

Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1, as opset 23 defines the operator. Where G
queries share a head of keys and values (Ainslie et al. 2023, "GQA"), their rows stand under one another,
(B, H/G, G*S, D), so that no key is copied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, embed, same_dim
from edgeattn_export.graph.emit import described
from edgeattn_export.graph.rule import Refusal, Replaced, rule
from edgeattn_export.lower.decomposed.bias import Bias, emit_bias
from edgeattn_export.lower.decomposed.heads import joined, keys_transposed, reshaped, split
from edgeattn_export.recover.rules.attention.outputs import AFTER_SOFTMAX, MODE, gives_cache, weights_of

INPUTS = 4  # query, key, value, mask; those behind them are of a cache


@dataclass(frozen=True, slots=True)
class Match:
    """An attention without a cache.

    Attributes:
        node: The operator.
        queries: H, heads of the query.
        keys: Heads of keys and values, of which H is a multiple.
        scale: Of the scores.
        softcap: Their bound; 0 where they have none.
    """

    node: ir.Node
    queries: int | str | None
    keys: int | str | None
    scale: float
    softcap: float

    @property
    def is_flat(self) -> bool:
        """Whether heads stand side by side, (B, S, H*D)."""
        return len(dims(self.node.inputs[0])) == 3

    @property
    def is_grouped(self) -> bool:
        """Whether several queries share a head of keys and values."""
        return not same_dim(self.queries, self.keys)

    def __call__(self, tape: Tape) -> Replaced:
        """Emit the products, the softmax and the mask."""
        node, output = self.node, self.node.outputs[0]
        query, key, value = (_operand(node, i) for i in range(3))
        bias = emit_bias(tape, node)
        scaled = tape.op("Mul", [query, embed(tape, np.array(self.scale, np.float32), "attention.scale")])
        described(scaled, query)
        if self.is_flat:
            scaled, value = split(tape, scaled, self.queries), split(tape, value, self.keys)
        scores = _by_group(tape, self, scaled, keys_transposed(tape, key, self.keys))  # (B, H, S, T)
        weights = tape.op("Softmax", [_biased(tape, _capped(tape, scores, self.softcap), bias)], {"axis": -1})
        given_out = weights_of(node)
        if given_out is not None and bias.visible is not None:
            weights = tape.op("Mul", [weights, bias.visible])
        mixed = _by_group(tape, self, weights, value)  # (B, H, S, D)
        if given_out is None and bias.visible is not None:
            mixed = tape.op("Mul", [mixed, bias.visible])
        answer = joined(tape, mixed, dims(output)[-1:]) if self.is_flat else mixed
        return {output: answer} if given_out is None else {output: answer, given_out: weights}


@rule("decomposed attention", "Attention")
def decompose_attention(node: ir.Node) -> Match | Refusal | None:
    """Match an attention of opset 23; refuse what keeps a cache or gives out its scores."""
    if node.domain:
        return None
    if any(value is not None for value in node.inputs[INPUTS:]):
        return Refusal("it reads a cache of keys and values, which has no plain form yet")
    mode = node.attributes.get_int(MODE, 0)
    if gives_cache(node) or (weights_of(node) is not None and mode != AFTER_SOFTMAX):
        return Refusal(
            "its scores or its cache are used elsewhere; only its answer and weights have a plain form"
        )
    if node.inputs[0] is None or node.inputs[0].dtype is not ir.DataType.FLOAT:
        return Refusal(f"its query is {_dtype(node.inputs[0])}; FLOAT expected")
    if (precision := node.attributes.get_int("softmax_precision", 1)) != ir.DataType.FLOAT:
        return Refusal(f"its softmax is in {ir.DataType(precision).name}; FLOAT expected")
    query, keys = dims(node.inputs[0]), dims(node.inputs[1])
    if len(query) not in (3, 4) or len(keys) != len(query):
        return Refusal(f"its query and keys have rank {len(query)} and {len(keys)}; 3 or 4 expected")
    return _match(node)


def _match(node: ir.Node) -> Match | Refusal:
    attributes, query, keys = node.attributes, dims(node.inputs[0]), dims(node.inputs[1])
    flat = len(query) == 3
    heads = attributes.get_int("q_num_heads", None) if flat else query[1]
    shared = attributes.get_int("kv_num_heads", None) if flat else keys[1]
    if not same_dim(heads, shared) and not (isinstance(heads, int) and isinstance(shared, int)):
        return Refusal(f"its query has {heads} heads and its keys have {shared}; known numbers expected")
    scale = attributes.get_float("scale", None)
    if scale is None:
        size = _head_size(query[-1], heads if flat else 1)
        if size is None:
            return Refusal(f"the size of its heads is not known ({query[-1]}), which its scale follows from")
        scale = 1 / math.sqrt(size)
    return Match(node, heads, shared, scale, attributes.get_float("softcap", 0.0))


def _dtype(value: ir.Value | None) -> str:
    return "left out" if value is None else "of an unknown dtype" if value.dtype is None else value.dtype.name


def _head_size(width: int | str | None, heads: int | str | None) -> int | None:
    return width // heads if isinstance(width, int) and isinstance(heads, int) else None


def _operand(node: ir.Node, index: int) -> ir.Value:
    value = node.inputs[index]
    if value is None:
        raise TypeError(f"{node.name}: an Attention without query, keys or values")
    return value


def _by_group(tape: Tape, match: Match, left: ir.Value, right: ir.Value) -> ir.Value:
    """Emit the product of (B, H, S, X) and (B, H/G, X, Y), as (B, H, S, Y)."""
    if not match.is_grouped:
        return tape.op("MatMul", [left, right])
    under = reshaped(tape, left, (0, match.keys, None, 0))  # (B, H/G, G*S, X)
    return reshaped(tape, tape.op("MatMul", [under, right]), (0, match.queries, None, 0))  # (B, H, S, Y)


def _capped(tape: Tape, scores: ir.Value, bound: float) -> ir.Value:
    if not bound:
        return scores
    once, back = (embed(tape, np.array(n, np.float32), "attention.softcap") for n in (1 / bound, bound))
    return tape.op("Mul", [tape.op("Tanh", [tape.op("Mul", [scores, once])]), back])


def _biased(tape: Tape, scores: ir.Value, bias: Bias) -> ir.Value:
    return scores if bias.added is None else tape.op("Add", [scores, bias.added])
