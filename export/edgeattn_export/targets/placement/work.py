"""How many multiply-accumulates each node of a graph takes for given inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import onnx_ir as ir

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.taps import tapped

Dims = tuple[int, ...]
Count = Callable[[ir.Node, list[Dims], Dims], int]  # of a node, its inputs' dims and its output's


def _product(_: ir.Node, inputs: list[Dims], output: Dims) -> int:
    return math.prod(output) * inputs[0][-1]


def _gemm(node: ir.Node, inputs: list[Dims], output: Dims) -> int:
    transposed = node.attributes.get_int("transA", 0)
    return math.prod(output) * inputs[0][0 if transposed else 1]


def _convolution(_: ir.Node, inputs: list[Dims], output: Dims) -> int:
    return math.prod(output) * math.prod(inputs[1][1:])


def _attention(node: ir.Node, inputs: list[Dims], _: Dims) -> int:
    query, key, value = inputs[:3]
    if len(query) == 3:  # (B, L, heads * size)
        return query[0] * query[1] * key[1] * (query[2] + _spread(node, query, value))
    return math.prod(query[:3]) * key[2] * (query[3] + value[3])


def _spread(node: ir.Node, query: Dims, value: Dims) -> int:
    """Return the width of the output of grouped heads, whose values serve several queries each."""
    heads, groups = (node.attributes.get_int(name, 1) for name in ("q_num_heads", "kv_num_heads"))
    return value[2] * heads // groups if query[2] != value[2] else value[2]


_COUNTS: Mapping[str, Count] = {
    **dict.fromkeys(
        ("MatMul", "MatMulInteger", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulNBits"), _product
    ),
    "QLinearMatMul": _product,
    "Gemm": _gemm,
    "Conv": _convolution,
    "Attention": _attention,
}


def multiply_accumulates(model: ir.Model, inputs: Inputs, engine: Engine) -> dict[str, int]:
    """Return the multiply-accumulates of a graph's nodes by their names; nodes without any are left out.

    Args:
        model: A graph whose nodes have names; left as it is.
        inputs: Real ones, whose sizes count.
        engine: What runs it, to learn the dims inside.
    """
    counted = [node for node in model.graph if node.op_type in _COUNTS]
    inner = {
        value.name: value
        for node in counted
        for value in (*node.inputs, node.outputs[0])
        if value is not None and value.name and value.const_value is None
    }
    known: dict[str, Dims] = {name: tuple(array.shape) for name, array in inputs.items()}
    answers = engine.runner(tapped(model, [name for name in inner if name not in known]))(inputs)
    known |= {name: tuple(array.shape) for name, array in answers.items()}
    return {
        node.name or "": _COUNTS[node.op_type](node, _dims(node, known), known[node.outputs[0].name or ""])
        for node in counted
    }


def _dims(node: ir.Node, known: Mapping[str, Dims]) -> list[Dims]:
    return [
        known[value.name or ""] if value.const_value is None else tuple(value.const_value.shape.numpy())
        for value in node.inputs
        if value is not None
    ]
