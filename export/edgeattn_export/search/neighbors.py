"""Convolutions beside a layer of a map, with the activation between: what an engine computes in one layout.

A convolution that stays float is fast where its neighbors are float convolutions too: between them an engine
keeps numbers as its kernels like them. What int8 costs there shows only where the neighbor is timed as well.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, is_constant, sources
from edgeattn_export.quantize.match import match_linear

BETWEEN = 3  # operators at most, such as the Sigmoid and Mul of an activation

Values = frozenset[ir.Value]
Nodes = list[ir.Node]


def behind(value: ir.Value) -> Values:
    """Return what is computed of a value up to the convolution behind it, that one's output included."""
    return _traced(value, lambda node: list(node.outputs), _users)


def before(value: ir.Value) -> Values:
    """Return what a value is computed of since the convolution before it, that one's output included."""
    return _traced(value, _varying, _maker)


def is_neighbor(node: ir.Node | None) -> bool:
    """Say whether a node is a convolution that stays one."""
    return node is not None and node.op_type == "Conv" and match_linear(node) is None


def _traced(
    value: ir.Value, onward: Callable[[ir.Node], list[ir.Value]], nodes_at: Callable[[ir.Value], Nodes]
) -> Values:
    """Follow a value through activations, and return all on the way if each way ends at a convolution."""
    found: set[ir.Value] = set()
    passed: set[ir.Node] = set()
    waiting = [value]
    while waiting:
        nodes = nodes_at(waiting.pop())
        for node in nodes:
            if not is_neighbor(node) and node not in passed:
                if len(passed) == BETWEEN or not _is_elementwise(node):
                    return frozenset()
                passed.add(node)
                waiting += onward(node)
            found.add(node.outputs[0])
        if not nodes:
            return frozenset()
    return frozenset(found)


def _maker(value: ir.Value) -> Nodes:
    node = value.producer()
    return [] if node is None else [node]


def _users(value: ir.Value) -> Nodes:
    return [] if value.is_graph_output() else [use.node for use in value.uses()]


def _varying(node: ir.Node) -> list[ir.Value]:
    return [value for value in sources(node) if not is_constant(value)]


def _is_elementwise(node: ir.Node) -> bool:
    """Say whether a node's inputs and its output have the same dims, as an activation's have."""
    size = dims(node.outputs[0])
    return bool(size) and len(node.outputs) == 1 and all(dims(value) == size for value in _varying(node))
