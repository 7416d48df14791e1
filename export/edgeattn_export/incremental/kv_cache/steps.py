"""A model to be taken step by step: its graphs, what plays which part in them, and why it cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import onnx_ir as ir

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs, Sample, Samples, stratified
from edgeattn_export.incremental.kv_cache.stepping import StepRunner
from edgeattn_export.incremental.model_graphs import ModelGraph
from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, GenerationOptions
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, CacheEntry, Generation, Symbol

ENCODER_GRAPH = "encoder"
PROVEN_ON = 8  # samples of a graph's steps, from the shortest to the longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The step form of a causal decoder, or of an encoder-decoder.

    Attributes:
        decoder: Takes ``tokens`` (batch, sequence), the new ones alone, what is ``carried``, and the past;
            gives ``logits`` (batch, sequence, vocabulary) and the presents.
        encoder: Takes the ``sources``, once, and gives what is ``carried``, and those outputs of the whole
            model that follow from the sources alone; None for a decoder alone.
        tokens: Name of the decoder's input.
        logits: Name of the decoder's output.
        sources: Names of the encoder's inputs.
        carried: Names of the encoder's outputs, which are inputs of the decoder.
        length: Name of the decoder's input, int64 (1,), of how many tokens the caches hold.
        caches: One for the keys and one for the values of each self-attention.
        symbols: Bounds of the symbols of both graphs.
        positions: The most tokens in all, or None where nothing limits them.
    """

    decoder: ModelGraph
    encoder: ModelGraph | None
    tokens: str
    logits: str
    sources: tuple[str, ...]
    carried: tuple[str, ...]
    length: str
    caches: tuple[CacheEntry, ...]
    symbols: Mapping[str, Symbol]
    positions: int | None
    defaults: GenerationOptions = NO_OPTIONS

    @property
    def graphs(self) -> Mapping[str, ModelGraph]:
        """The graphs by their names in a bundle, the decoder first."""
        graphs = {MAIN_GRAPH: self.decoder}
        return graphs if self.encoder is None else {**graphs, ENCODER_GRAPH: self.encoder}

    @property
    def main(self) -> ModelGraph:
        """The decoder."""
        return self.decoder

    @property
    def generation(self) -> Generation:
        """How a bundle of these graphs generates."""
        return Generation(
            kind=self.kind,
            decoder=MAIN_GRAPH,
            encoder=ENCODER_GRAPH if self.encoder is not None else None,
            sources=self.sources if self.encoder is not None else (),
            carried=self.carried,
            tokens=self.tokens,
            logits=self.logits,
            length=self.length,
            cache=self.caches,
            positions=self.positions,
            defaults=self.defaults,
        )

    @property
    def streaming(self) -> None:
        """None: its steps are tokens."""

    @property
    def kind(self) -> Literal["decoder", "encoder-decoder"]:
        """The kind of generation that a bundle of these graphs serves."""
        return "decoder" if self.encoder is None else "encoder-decoder"

    def with_models(self, models: Mapping[str, ir.Model]) -> Steps:
        """Return the same steps with other graphs of the same contracts, by name."""
        decoder = replace(self.decoder, model=models[MAIN_GRAPH])
        if self.encoder is None:
            return replace(self, decoder=decoder)
        return replace(self, decoder=decoder, encoder=replace(self.encoder, model=models[ENCODER_GRAPH]))

    def samples(self, samples: Samples, engine: Engine) -> Mapping[str, Samples]:
        """Return real inputs of each graph: the sources alone for the encoder, and two calls of the decoder.

        A sample's first call is a prompt of half its tokens, and the second the rest with that past.

        Args:
            samples: The whole model's inputs.
            engine: Runs the graphs.
        """
        decoder = Samples(tuple(self._halves(samples, engine)))
        if self.encoder is None:
            return {MAIN_GRAPH: decoder}
        sources = ({name: sample.inputs[name] for name in self.sources} for sample in samples)
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
            chunks = halves(sample.inputs[self.tokens].shape[1])
            yield from map(Sample, runner.walk(sample.inputs, chunks))


def halves(length: int) -> tuple[int, ...]:
    """Return the lengths of a prompt of half the tokens, and of the rest; of one token there is no prompt."""
    return tuple(chunk for chunk in (length // 2, length - length // 2) if chunk)
