"""A model to be taken step by step: its graphs, how they generate, and one runner of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs, Sample, Samples, stratified
from edgeattn_export.incremental.model_graphs import ModelGraph, ModelGraphs
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Generation
from edgeattn_runtime.decoding.stepper import Stepper
from edgeattn_runtime.engine.graph_session import OpenGraph

Array = NDArray[np.generic]

ENCODER_GRAPH = "encoder"
PROVEN_ON = 8  # samples of a graph's steps, from the shortest to the longest


class StepRunner:
    """A decoder with its cache, and its encoder where it has one, called as the whole model is.

    Args:
        graphs: By the names of the manifest's graphs.
        generation: What their inputs and outputs mean.
    """

    def __init__(self, graphs: Mapping[str, OpenGraph], generation: Generation) -> None:
        self._decoder = graphs[generation.decoder]
        self._encoder = None if generation.encoder is None else graphs[generation.encoder]
        self._generation = generation

    def __call__(self, inputs: Inputs) -> dict[str, Array]:
        """Answer the full sequence at once, from an empty cache."""
        encoded = self.encoded(inputs)
        length = self._length(inputs)
        logits = self._logits(inputs, (length,), encoded, capacity=length)
        return {self._generation.logits: logits, **self.memories(encoded)}

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Return the call that answers these inputs, the sources' encoding included."""
        length = self._length(inputs)
        (tokens,) = self._cut(inputs, (length,))
        return lambda: self._stepper(inputs, length, self.encoded(inputs))(tokens)

    def logits(self, inputs: Inputs, chunks: Sequence[int], *, capacity: int = 0) -> Array:
        """Return the logits of a sequence (batch, sequence, vocabulary), made in chunks of these lengths.

        Args:
            inputs: Of the whole model.
            chunks: Their sum is the sequence's length.
            capacity: Of the cache when it is empty. It grows in blocks, as on a device, whose last slots no
                token fills.
        """
        return self._logits(inputs, chunks, self.encoded(inputs), capacity=capacity)

    def encoded(self, inputs: Inputs) -> Mapping[str, Array]:
        """Return all that the encoder gives; nothing without an encoder."""
        if self._encoder is None:
            return {}
        return self._encoder.run({tensor.name: inputs[tensor.name] for tensor in self._encoder.graph.inputs})

    def memories(self, encoded: Mapping[str, Array]) -> dict[str, Array]:
        """Return those outputs of the whole model that the encoder gives."""
        return {name: value for name, value in encoded.items() if name not in self._generation.carried}

    def walk(self, inputs: Inputs, chunks: Sequence[int]) -> Iterator[Inputs]:
        """Yield what each call of the decoder is fed, the cache of the calls before it included."""
        stepper = self._stepper(inputs, sum(chunks), self.encoded(inputs))
        for tokens in self._cut(inputs, chunks):
            yield stepper.inputs(tokens)
            stepper(tokens)

    def _logits(
        self, inputs: Inputs, chunks: Sequence[int], encoded: Mapping[str, Array], *, capacity: int
    ) -> Array:
        stepper = self._stepper(inputs, capacity, encoded)
        return np.concatenate([stepper(tokens).copy() for tokens in self._cut(inputs, chunks)], axis=1)

    def _stepper(self, inputs: Inputs, capacity: int, encoded: Mapping[str, Array]) -> Stepper:
        carried = {name: encoded[name] for name in self._generation.carried}
        batch = len(inputs[self._generation.tokens])
        return Stepper(self._decoder, self._generation, carried, batch=batch, capacity=capacity)

    def _cut(self, inputs: Inputs, chunks: Sequence[int]) -> Iterator[NDArray[np.int64]]:
        tokens = inputs[self._generation.tokens]
        for chunk, end in zip(chunks, np.cumsum(chunks).tolist(), strict=True):
            yield tokens[:, end - chunk : end].astype(np.int64, copy=False)

    def _length(self, inputs: Inputs) -> int:
        return int(inputs[self._generation.tokens].shape[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps(ModelGraphs):
    """The step form of a causal decoder, or of an encoder-decoder.

    The decoder takes the new tokens (batch, sequence), what is carried, and the past; it gives
    logits (batch, sequence, vocabulary) and the presents. An encoder takes the sources, once, and gives what
    is carried, and those outputs of the whole model that follow only from the sources.
    """

    generation: Generation

    @property
    def encoder(self) -> ModelGraph | None:
        """The graph of the sources; None for a decoder without an encoder."""
        return self.graphs.get(ENCODER_GRAPH)

    def samples(self, samples: Samples, engine: Engine) -> Mapping[str, Samples]:
        """Return real inputs of each graph: the sources for the encoder, and two calls of the decoder.

        A sample's first call is a prompt of half its tokens, and the second the rest with that past.
        """
        decoder = Samples(tuple(self._halves(samples, engine)))
        if self.encoder is None:
            return {MAIN_GRAPH: decoder}
        names = self.generation.sources
        sources = ({name: sample.inputs[name] for name in names} for sample in samples)
        return {MAIN_GRAPH: decoder, ENCODER_GRAPH: Samples(tuple(map(Sample, sources)))}

    def trials(self, samples: Samples, engine: Engine) -> Mapping[str, Iterable[Inputs]]:
        """Return some of each graph's ``samples``, from the smallest to the largest."""
        return {
            name: stratified((sample.inputs for sample in its), PROVEN_ON)
            for name, its in self.samples(samples, engine).items()
        }

    def runner(self, engine: Engine, *, threads: int = 1) -> StepRunner:
        """Open them as one runner of the whole model."""
        graphs = {
            name: engine.graph(each.graph, each.model, threads=threads) for name, each in self.graphs.items()
        }
        return StepRunner(graphs, self.generation)

    def _halves(self, samples: Samples, engine: Engine) -> Iterator[Sample]:
        runner = self.runner(engine)
        for sample in samples:
            chunks = halves(sample.inputs[self.generation.tokens].shape[1])
            yield from map(Sample, runner.walk(sample.inputs, chunks))


def halves(length: int) -> tuple[int, ...]:
    """Return the lengths of a prompt of half the tokens, and of the rest; of one token there is no prompt."""
    return tuple(chunk for chunk in (length // 2, length - length // 2) if chunk)
