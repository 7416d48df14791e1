"""The steps between points: which of them compute with integers, and so round."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import onnx_ir as ir

from edgeattn_export.graph.dataflow import sources
from edgeattn_export.graph.taps import values_of

_QUANTIZED = frozenset(
    {
        ir.DataType.INT4,
        ir.DataType.UINT4,
        ir.DataType.INT8,
        ir.DataType.UINT8,
        ir.DataType.INT16,
        ir.DataType.UINT16,
    }
)


def rounding(models: Sequence[ir.Model], own: Mapping[str, str]) -> dict[str, bool]:
    """Say of each point whether the step that ends there computes with integers.

    Args:
        models: The graphs.
        own: By the points' values, the graphs' own names of them.
    """
    ends = set(own.values())
    made = [values_of(model) for model in models]
    return {
        value: any(_rounds(values[name], ends) for values in made if name in values)
        for value, name in own.items()
    }


def _rounds(end: ir.Value, ends: Collection[str]) -> bool:
    return any(source.dtype in _QUANTIZED for node in _step(end, ends) for source in sources(node))


def _step(end: ir.Value, ends: Collection[str]) -> Iterator[ir.Node]:
    """Yield the nodes that make a value of those before it at which others end."""
    waiting, seen = [end], {end}
    while waiting:
        node = waiting.pop().producer()
        if node is not None:
            yield node
            new = [it for it in sources(node) if it not in seen and it.name not in ends]
            seen.update(new)
            waiting += new
