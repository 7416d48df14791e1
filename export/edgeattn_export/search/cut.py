"""Layers cut out of a graph that treats them: with all that their treatment computes, and nothing else.

A value keeps its name through every rewrite. From where layers end, all that is new is theirs, back to the
values that the float graph has too.

A layer of a map includes the neighboring convolutions, with the activation between, as an engine computes
them in one layout. A float convolution is fast between float convolutions, where the engine keeps the layout
of its kernels. The cost of int8 there shows only if the neighbor is timed as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, is_constant, only_user, sources
from edgeattn_export.graph.values import values_of
from edgeattn_export.quantize.layers.layout import LAST
from edgeattn_export.quantize.layers.match import Layer, match_linear

MERGED_OPERATORS = (
    "Split",
    "Sum",
)  # which an engine may merge with the layer before it: always taken in
MOST_BETWEEN = 3  # operators at most, such as the Sigmoid and Mul of an activation


def cut(
    before: ir.Model, after: ir.Model, layers: Iterable[Layer], shared: Collection[str] | None = None
) -> ir.Model:
    """Return a graph of only some layers.

    Args:
        before: The float graph.
        after: What a recipe made of it; left as it is.
        layers: Those to cut out.
        shared: The names of values that all graphs have which are compared with this one; its own where it
            is left out. A layer is followed to the first of them: what one form fuses, all are timed with.

    Returns:
        The graph, whose inputs are values of the float graph, by their names.
    """
    float_values, values = values_of(before), values_of(after)
    shared = values if shared is None else shared
    nodes = {node.name: node for node in before.graph}
    inside: set[str] = set()
    outputs_by_name: dict[str, None] = {}
    for layer in layers:
        root = nodes[layer.node]
        inside.update(value.name or "" for value in (*root.inputs[1:], *root.outputs) if value is not None)
        taken = list(_behind(float_values[layer.output], shared))
        last = [value for value in taken if _is_end(value, shared)]
        if layer.layout != LAST and root.inputs[0] is not None:
            after_it = [value for end in last for value in _traced(end, onward=True)]
            taken += [*_traced(root.inputs[0], onward=False), *after_it]
            last = [value for value in after_it if _is_neighbor(value.producer())] or last
        inside.update(value.name or "" for value in taken)
        outputs_by_name |= dict.fromkeys(value.name or "" for value in last)
    outputs = [values[name] for name in outputs_by_name]
    inputs = list(_inputs_of(outputs, float_values.keys() - inside))
    graph = ir.convenience.extract(after.graph, inputs, outputs)
    functions = [function.clone() for function in after.functions.values()]
    return ir.Model(graph, ir_version=after.ir_version, functions=functions)


def _behind(value: ir.Value, shared: Collection[str]) -> Iterator[ir.Value]:
    """Yield a layer's output, and what comes behind it up to values that every form leaves."""
    yield value
    if not _is_end(value, shared):
        for use in value.uses():
            for output in use.node.outputs:
                yield from _behind(output, shared)


def _is_end(value: ir.Value, shared: Collection[str]) -> bool:
    user = only_user(value)
    return value.name in shared and (user is None or user.op_type not in MERGED_OPERATORS)


def _inputs_of(outputs: Iterable[ir.Value], float_values: Collection[str]) -> Iterator[ir.Value]:
    """Yield what is to be fed: the nearest values that the float graph has, and inputs of the graph."""
    waiting = list(outputs)
    visited: set[ir.Value] = set()
    while waiting:
        value = waiting.pop()
        if value in visited or is_constant(value):
            continue
        visited.add(value)
        node = value.producer()
        if node is None or value.name in float_values:
            yield value
        else:
            waiting += sources(node)


def _is_neighbor(node: ir.Node | None) -> bool:
    """Say whether a node is a convolution that stays one."""
    return node is not None and node.op_type == "Conv" and match_linear(node) is None


def _traced(value: ir.Value, *, onward: bool) -> frozenset[ir.Value]:
    """Follow a value through activations, and return all on the way if each way ends at a convolution.

    ``onward`` leads to the convolution behind it, else to the one before; that one's output is included.
    """
    traced: set[ir.Value] = set()
    passed: set[ir.Node] = set()
    waiting = [value]
    while waiting:
        reached = waiting.pop()
        nodes = _users(reached) if onward else [node for node in [reached.producer()] if node is not None]
        for node in nodes:
            if not _is_neighbor(node) and node not in passed:
                if len(passed) == MOST_BETWEEN or not _is_elementwise(node):
                    return frozenset()
                passed.add(node)
                waiting += node.outputs if onward else _varying(node)
            traced.add(node.outputs[0])
        if not nodes:
            return frozenset()
    return frozenset(traced)


def _users(value: ir.Value) -> list[ir.Node]:
    return [] if value.is_graph_output() else [use.node for use in value.uses()]


def _varying(node: ir.Node) -> list[ir.Value]:
    return [value for value in sources(node) if not is_constant(value)]


def _is_elementwise(node: ir.Node) -> bool:
    """Say whether a node's inputs and its output have the same dims, as an activation's have."""
    size = dims(node.outputs[0])
    return bool(size) and len(node.outputs) == 1 and all(dims(value) == size for value in _varying(node))
