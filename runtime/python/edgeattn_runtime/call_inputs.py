"""What a graph is called with, held against its contract; a decoder without its cache begins an empty one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from edgeattn_runtime.cache import check_room, fresh_cache, past_tensors
from edgeattn_runtime.contract import Arrays, check_inputs
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.generation import Generation, cache_inputs
from edgeattn_runtime.graph import Graph, Symbol


@dataclass(frozen=True, slots=True)
class CallInputs:
    """What calls of one graph take.

    Attributes:
        graph: Its contract.
        symbols: The bundle's.
        generation: How it generates, where the graph is a decoder; None for any other.
    """

    graph: Graph
    symbols: Mapping[str, Symbol]
    generation: Generation | None

    def checked(self, inputs: Mapping[str, object]) -> Arrays:
        """Return inputs as arrays that keep the contract.

        Raises:
            InputError: They do not.
        """
        if self.generation is None:
            return check_inputs(self.graph, self.symbols, inputs)
        return self._with_cache(self.generation, inputs)

    def _with_cache(self, generation: Generation, inputs: Mapping[str, object]) -> Arrays:
        """Return a decoder's inputs; where none of its cache is among them, with an empty one."""
        cache = cache_inputs(generation)
        if any(name in inputs for name in cache):
            arrays = check_inputs(self.graph, self.symbols, inputs)
            check_room(generation, arrays)
            return arrays
        others = tuple(tensor for tensor in self.graph.inputs if tensor.name not in cache)
        arrays = check_inputs(replace(self.graph, inputs=others), self.symbols, inputs)
        batch, sequence = arrays[generation.tokens].shape
        pasts = past_tensors(generation, self.graph)
        return {**arrays, **fresh_cache(generation, pasts, batch=batch, sequence=sequence)}


def as_call(sample: object) -> Mapping[str, object]:
    """Return one sample of many as what a call takes.

    Raises:
        InputError: It is no mapping.
    """
    if isinstance(sample, Mapping):
        return sample
    raise InputError(f"{type(sample).__name__} found, a mapping of inputs by name expected")
