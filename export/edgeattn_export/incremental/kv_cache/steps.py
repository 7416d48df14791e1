"""A model to be taken step by step: its graphs, what plays which part in them, and why it cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs, Sample, Samples, stratified
from edgeattn_export.incremental.kv_cache.stepping import StepRunner
from edgeattn_export.incremental.model_graphs import ModelGraph
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Generation, Symbol

ENCODER_GRAPH = "encoder"
PROVEN_ON = 8  # samples of a graph's steps, from the shortest to the longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The step form of a causal decoder, or of an encoder-decoder.

    The decoder takes tokens (batch, sequence), the new ones alone, what is carried, and the past; it gives
    logits (batch, sequence, vocabulary) and the presents. An encoder takes the sources, once, and gives what
    is carried, and those outputs of the whole model that follow from the sources alone.

    Attributes:
        graphs: By their names in a bundle, the decoder first.
        generation: How a bundle of them generates: what their inputs and outputs mean.
        symbols: Bounds of the symbols of both graphs.
    """

    graphs: Mapping[str, ModelGraph]
    generation: Generation
    symbols: Mapping[str, Symbol]

    @property
    def decoder(self) -> ModelGraph:
        """The graph of a step."""
        return self.graphs[MAIN_GRAPH]

    @property
    def encoder(self) -> ModelGraph | None:
        """The graph of the sources; None for a decoder alone."""
        return self.graphs.get(ENCODER_GRAPH)

    @property
    def main(self) -> ModelGraph:
        """The decoder."""
        return self.decoder

    @property
    def streaming(self) -> None:
        """None: its steps are tokens."""

    def with_models(self, models: Mapping[str, ir.Model]) -> Steps:
        """Return the same steps with other graphs of the same contracts, by name."""
        graphs = {name: replace(each, model=models[name]) for name, each in self.graphs.items()}
        return replace(self, graphs=graphs)

    def samples(self, samples: Samples, engine: Engine) -> Mapping[str, Samples]:
        """Return real inputs of each graph: the sources alone for the encoder, and two calls of the decoder.

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
