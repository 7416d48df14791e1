"""A graph run stretch by stretch on all samples: what later stretches read is held in between.

So layers that change on the way are run once each, in the time of one pass over the samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Samples

Array = NDArray[np.generic]
Change = Callable[[ir.Model], object]  # of a stretch, in place


@dataclass(frozen=True, slots=True)
class Stretches:
    """A graph's nodes in an order that may be cut, by the names of values.

    Attributes:
        made_at: By the value's name, the place of the node that makes it; -1 for inputs of the graph.
        last_use: By the value's name, the place of the last node that reads it.
    """

    made_at: Mapping[str, int]
    last_use: Mapping[str, int]

    @classmethod
    def of(cls, model: ir.Model, places: Mapping[str, int]) -> Stretches:
        """Return the stretches of a graph.

        Args:
            model: The graph.
            places: Of its nodes, by name. What a node of a subgraph reads is held to the end.
        """
        end = len(places)
        inputs = {value.name or "": -1 for value in model.graph.inputs}
        nodes = {out.name or "": places[node.name or ""] for node in model.graph for out in node.outputs}
        values = [*model.graph.inputs, *(out for node in model.graph for out in node.outputs)]
        last_use = {
            value.name or "": max((places.get(use.node.name or "", end) for use in value.uses()), default=-1)
            for value in values
        }
        return cls(inputs | nodes, last_use)

    def live(self, place: int) -> tuple[str, ...]:
        """Return what is made before a place and read at it or behind."""
        return tuple(name for name, made in self.made_at.items() if made < place <= self.last_use[name])


@dataclass(slots=True)
class Walk:
    """Where a graph has come to on all samples.

    Attributes:
        model: The graph, in which values have the names that ``stretches`` know.
        stretches: Where it may be cut.
        engine: What runs it.
        held: By sample, the values that were made and are still to be read.
        place: Before which node it stands.
    """

    model: ir.Model
    stretches: Stretches
    engine: Engine
    held: list[dict[str, Array]]
    place: int = field(default=0, init=False)

    @classmethod
    def begin(cls, model: ir.Model, stretches: Stretches, samples: Samples, engine: Engine) -> Walk:
        """Stand before the first node, with the graph's inputs."""
        return cls(model, stretches, engine, [dict(sample.inputs) for sample in samples])

    def go(self, place: int, change: Change) -> None:
        """Run the nodes before a place, as ``change`` makes them."""
        kept, live = self.stretches.live(self.place), self.stretches.live(place)
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

    def values(self, name: str) -> Iterator[Array]:
        """Yield a live value, sample by sample."""
        yield from (values[name] for values in self.held)
