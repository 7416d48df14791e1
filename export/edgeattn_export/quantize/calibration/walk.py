"""A graph run stretch by stretch on all samples: what later stretches read is held in between.

So layers that change on the way are run once each, in the time of one pass over the samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.engine import Engine

Array = NDArray[np.generic]
Change = Callable[[ir.Model], object]  # of a stretch, in place
Spans = Mapping[str, tuple[int, int]]  # by a value's name, the place of its maker and of its last reader


def spans_of(model: ir.Model, places: Mapping[str, int]) -> Spans:
    """Return from where to where the values of a graph are needed; -1 before its first node.

    Args:
        model: The graph.
        places: Of its nodes, by name, in an order that may be cut. What a node of a subgraph reads is held to
            the end.
    """
    made = dict.fromkeys(model.graph.inputs, -1)
    made |= {value: places[node.name or ""] for node in model.graph for value in node.outputs}
    readers = {
        value: [places.get(use.node.name or "", len(places)) for use in value.uses()] for value in made
    }
    return {value.name or "": (place, max(readers[value], default=-1)) for value, place in made.items()}


@dataclass(slots=True)
class Walk:
    """Where a graph has come to on all samples.

    Attributes:
        model: The graph, in which values have the names that ``spans`` know.
        spans: Where it may be cut.
        engine: What runs it.
        held: By sample, the values that were made and are still to be read; at first the graph's inputs.
        place: Before which node it stands.
    """

    model: ir.Model
    spans: Spans
    engine: Engine
    held: list[dict[str, Array]]
    place: int = field(default=0, init=False)

    def go(self, place: int, change: Change) -> None:
        """Run the nodes before a place, as ``change`` makes them."""
        kept, live = self._live(self.place), self._live(place)
        made = [name for name in live if name not in kept]
        self.place = place
        if not made:
            return
        graph = ir.convenience.extract(self.model.graph, kept, made)
        for value in graph.inputs:  # one that a rule made has no type, which an input needs
            value.dtype = ir.DataType.from_numpy(self.held[0][value.name or ""].dtype)
        stretch = ir.Model(graph, ir_version=self.model.ir_version)
        change(stretch)
        answer = self.engine.runner(stretch)
        for i, values in enumerate(self.held):
            outputs = answer({name: values[name] for name in kept})
            self.held[i] = {name: values[name] if name in values else outputs[name] for name in live}

    def values(self, name: str) -> list[Array]:
        """Return a live value, by sample."""
        return [values[name] for values in self.held]

    def _live(self, place: int) -> tuple[str, ...]:
        """Return what is made before a place and read at it or behind."""
        return tuple(name for name, (made, last) in self.spans.items() if made < place <= last)
