"""Layers cut out of a graph that treats them: with all that their treatment computes, and nothing else.

A value keeps its name through every rewrite. So from where layers end, all that is new is theirs, back to the
values that the float graph has too.

A layer of a map takes in its neighbors, see ``neighbors``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import onnx_ir as ir

from edgeattn_export.graph.dataflow import is_constant, only_user
from edgeattn_export.graph.values import values_of
from edgeattn_export.quantize.layout import LAST
from edgeattn_export.quantize.match import Layer
from edgeattn_export.search import neighbors

MERGED = ("Split", "Sum")  # what an engine may merge with the layer before it; it is taken in, in every form


def cut(before: ir.Model, after: ir.Model, layers: Iterable[Layer]) -> ir.Model:
    """Return a graph of some layers alone.

    Args:
        before: The float graph.
        after: What a recipe made of it; left as it is.
        layers: Those to cut out.

    Returns:
        The graph, whose inputs are values of the float graph, by their names.
    """
    known, made = values_of(before), values_of(after)
    nodes = {node.name: node for node in before.graph}
    inside: set[str] = set()
    ends: dict[str, None] = {}
    for layer in layers:
        root = nodes[layer.node]
        inside.update(value.name or "" for value in (*root.inputs[1:], *root.outputs) if value is not None)
        taken = list(_behind(known[layer.output], made))
        last = [value for value in taken if _is_end(value, made)]
        if layer.layout != LAST and root.inputs[0] is not None:
            after_it = [value for end in last for value in neighbors.behind(end)]
            taken += [*neighbors.before(root.inputs[0]), *after_it]
            last = [value for value in after_it if neighbors.is_neighbor(value.producer())] or last
        inside.update(value.name or "" for value in taken)
        ends |= dict.fromkeys(value.name or "" for value in last)
    outputs = [made[name] for name in ends]
    inputs = list(_given(outputs, known.keys() - inside))
    graph = ir.convenience.extract(after.graph, inputs, outputs)
    return ir.Model(graph, ir_version=after.ir_version)


def _behind(value: ir.Value, made: Collection[str]) -> Iterator[ir.Value]:
    """Yield a layer's output, and what comes behind it up to values that every form leaves."""
    yield value
    if not _is_end(value, made):
        for use in value.uses():
            for output in use.node.outputs:
                yield from _behind(output, made)


def _is_end(value: ir.Value, made: Collection[str]) -> bool:
    user = only_user(value)
    return value.name in made and (user is None or user.op_type not in MERGED)


def _given(outputs: Iterable[ir.Value], given: Collection[str]) -> Iterator[ir.Value]:
    """Yield what is to be fed: the nearest values that the float graph has, and inputs of the graph."""
    waiting = list(outputs)
    seen: set[ir.Value] = set()
    while waiting:
        value = waiting.pop()
        if value in seen or is_constant(value):
            continue
        seen.add(value)
        node = value.producer()
        if node is None or value.name in given:
            yield value
        else:
            waiting += [source for source in node.inputs if source is not None]
