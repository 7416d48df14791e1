"""The encoder of an encoder-decoder: what it reads of each prompt, and what it gives to the decoder."""

from __future__ import annotations

from collections.abc import Mapping

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.generation import Generation
from edgeattn_runtime.model import Model
from edgeattn_runtime.sources import Prompt, read_sources, sequences


class Encoder:
    """Runs once for each prompt.

    Args:
        model: The bundle.
        generation: What it says of an encoder-decoder.
        name: The encoder's graph.
        batch: The symbol of how many sequences a call takes.
    """

    def __init__(self, model: Model, generation: Generation, name: str, batch: str) -> None:
        self._model = model
        self._name = name
        self._graph = model.manifest.graphs[name]
        self._carried = generation.carried
        self._batch = batch

    def read(self, name: str, prompt: Prompt) -> Arrays:
        """Return the inputs for one sequence.

        Args:
            name: What the prompt is, for the message.
            prompt: Token ids, or arrays by name with a batch of 1.

        Raises:
            InputError: They do not keep the contract, or are of several sequences.
        """
        sources = read_sources(name, prompt, self._graph, self._model.manifest.symbols)
        found = sequences(sources, self._graph, self._batch)
        if found != 1:
            raise InputError(f"{name}: {found} sequences found, 1 expected; generate_many takes several")
        return sources

    def rows(self, name: str, prompts: Mapping[str, object]) -> list[Arrays]:
        """Return the inputs for each sequence of a batch.

        Raises:
            InputError: They do not keep the contract.
        """
        sources = read_sources(name, prompts, self._graph, self._model.manifest.symbols)
        inputs = self._graph.inputs
        axes = {each.name: each.dims.index(self._batch) for each in inputs if self._batch in each.dims}
        return [
            {key: array.take([i], axes[key]) if key in axes else array for key, array in sources.items()}
            for i in range(sequences(sources, self._graph, self._batch))
        ]

    def run(self, sources: Arrays) -> Arrays:
        """Return what the decoder takes in every call."""
        outputs = self._model.graph(self._name).run(sources)
        return {name: outputs[name] for name in self._carried}
