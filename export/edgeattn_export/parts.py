"""The int8 graphs of a bundle: one, or for a model that generates a decoder with its cache and an encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn_export.cache import StepGraph, Steps, decoder_samples, encoder_samples
from edgeattn_export.capture import Captured
from edgeattn_export.fuse import Fused
from edgeattn_export.operators import operators
from edgeattn_export.quantize import LayerForm, Quantized, quantize
from edgeattn_export.samples import Samples
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.generation import check_generation
from edgeattn_runtime.manifest import MAIN_GRAPH, CacheEntry, Generation, Graph, Symbol

ENCODER_GRAPH = "encoder"


@dataclass(frozen=True, slots=True)
class Part:
    """One int8 graph and its contract."""

    quantized: Quantized
    graph: Graph


@dataclass(frozen=True, slots=True)
class Parts:
    """All graphs of a bundle by name, the bounds of their symbols, and how they generate, if they do."""

    graphs: Mapping[str, Part]
    symbols: Mapping[str, Symbol]
    generation: Generation | None = None

    @property
    def recipe(self) -> str:
        """The recipe that all graphs were made by."""
        return self.graphs[MAIN_GRAPH].quantized.recipe

    @property
    def layers(self) -> tuple[LayerForm, ...]:
        """Every graph's layers, the encoder's first."""
        return tuple(
            layer for part in reversed(tuple(self.graphs.values())) for layer in part.quantized.layers
        )

    @property
    def operators(self) -> dict[str, int]:
        """How often each operator occurs in all graphs, the most frequent first."""
        total: Counter[str] = Counter()
        for part in self.graphs.values():
            total.update(operators(part.quantized.model))
        return dict(total.most_common())


def one_part(captured: Captured, fused: Fused, samples: Samples) -> Parts:
    """Make a model int8 as the one graph that it is."""
    part = Part(quantize(fused, samples), captured.graph)
    return Parts({MAIN_GRAPH: part}, captured.symbols)


def unfit(steps: Steps) -> str | None:
    """Say why a bundle cannot hold a step form, which its specification knows with one source of tokens."""
    if len(steps.sources) > 1:
        names = ", ".join(steps.sources)
        return f"its encoder takes {names}; one source expected: compute the others from it in forward"
    graphs = {MAIN_GRAPH: steps.decoder.graph}
    if steps.encoder is not None:
        graphs[ENCODER_GRAPH] = steps.encoder.graph
    try:
        check_generation(_generation(steps), graphs, steps.symbols)
    except BundleError as error:
        return str(error)
    return None


def step_parts(steps: Steps, samples: Samples) -> Parts:
    """Make the step form of a decoder int8, on inputs as its own steps see them."""
    graphs = {MAIN_GRAPH: _part(steps.decoder, decoder_samples(steps, samples))}
    if steps.encoder is not None:
        graphs[ENCODER_GRAPH] = _part(steps.encoder, encoder_samples(steps, samples))
    return Parts(graphs, steps.symbols, _generation(steps))


def _part(step: StepGraph, samples: Samples) -> Part:
    return Part(quantize(Fused(step.model, {}, ()), samples), step.graph)


def _generation(steps: Steps) -> Generation:
    return Generation(
        kind=steps.kind,
        decoder=MAIN_GRAPH,
        encoder=ENCODER_GRAPH if steps.encoder is not None else None,
        source=steps.sources[0] if steps.encoder is not None else None,
        carried=steps.carried,
        tokens=steps.tokens,
        logits=steps.logits,
        cache=tuple(CacheEntry(cache.past, cache.present) for cache in steps.caches),
        positions=steps.positions,
    )
