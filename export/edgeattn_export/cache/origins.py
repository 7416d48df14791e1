"""What each value of a graph depends on: inputs' values, or only the sizes of their axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import onnx_ir as ir

Dims = tuple[int | str | None, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """The inputs whose values reach a value, and the symbols whose sizes do; both empty for a constant."""

    values: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()

    def __or__(self, other: Origin) -> Origin:
        return Origin(self.values | other.values, self.sizes | other.sizes)


CONSTANT = Origin()


def trace_origins(graph: ir.Graph, dims: Callable[[ir.Value | None], Dims]) -> Mapping[ir.Value, Origin]:
    """Follow the inputs through a sorted graph whose values have ``dims``.

    A Shape knows sizes alone, and only those of the axes that it reads; where a size is no symbol's, the
    Shape counts as its input's value.
    """
    origins = {value: Origin(values=frozenset({value.name or ""})) for value in graph.inputs}
    for node in graph:
        joined = CONSTANT
        for value in node.inputs:
            if value is not None:
                joined |= origins.get(value, CONSTANT)
        sizes = sizes_read(node, dims)
        if sizes is not None:
            joined = Origin(sizes=frozenset(dim for dim in sizes if isinstance(dim, str)))
        origins.update(dict.fromkeys(node.outputs, joined))
    return origins


def sizes_read(node: ir.Node, dims: Callable[[ir.Value | None], Dims]) -> tuple[int | str, ...] | None:
    """Return what a Shape answers with, or None where that is no list of numbers and symbols."""
    if node.op_type != "Shape":
        return None
    first, last = node.attributes.get_int("start", 0), node.attributes.get_int("end", None)
    read = dims(node.inputs[0])[first:last]
    known = tuple(dim for dim in read if dim is not None)
    return known if len(known) == len(read) else None
