"""The int8 graphs of a bundle: one, or for a model that generates a decoder with its cache and an encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import onnx_ir as ir

from edgeattn_export.cache import Steps, decoder_samples, encoder_samples
from edgeattn_export.capture import Captured
from edgeattn_export.fuse import Fused
from edgeattn_export.operators import operators
from edgeattn_export.quantize import DYNAMIC_INT8, Calibration, LayerForm, Quantized, finished
from edgeattn_export.quantize.saturation import Risk, at_risk
from edgeattn_export.samples import Samples
from edgeattn_export.search import Found
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.generation import check_generation
from edgeattn_runtime.manifest import MAIN_GRAPH, CacheEntry, Generation, Graph, Symbol

ENCODER_GRAPH = "encoder"

Choose = Callable[[Calibration, tuple[str, ...]], Found | None]
"""Finds a graph's recipe by its outputs that count, empty for all; None takes the plainest."""


@dataclass(frozen=True, slots=True)
class Part:
    """One int8 graph.

    Attributes:
        quantized: The graph, and its layers' forms.
        graph: Its contract.
        found: The search that found its recipe; None where there was none.
        risks: Products that answer otherwise on processors whose int8 sums saturate.
    """

    quantized: Quantized
    graph: Graph
    found: Found | None = None
    risks: tuple[Risk, ...] = ()


@dataclass(frozen=True, slots=True)
class Parts:
    """All graphs of a bundle by name, the bounds of their symbols, and how they generate, if they do."""

    graphs: Mapping[str, Part]
    symbols: Mapping[str, Symbol]
    generation: Generation | None = None

    @property
    def recipe(self) -> str:
        """The recipe that all graphs were made by."""
        return self.graphs[MAIN_GRAPH].quantized.recipe.name

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


def _plainest(_: Calibration, __: tuple[str, ...]) -> None:
    return None


def one_part(captured: Captured, fused: Fused, samples: Samples, choose: Choose = _plainest) -> Parts:
    """Make a model int8 as the one graph that it is."""
    part = _part(fused.model, captured.graph, samples, choose, ())
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


def step_parts(steps: Steps, samples: Samples, choose: Choose = _plainest) -> Parts:
    """Make the step form of a decoder int8, on inputs as its own steps see them."""
    decoder, encoder = steps.decoder, steps.encoder
    inputs = decoder_samples(steps, samples)
    graphs = {MAIN_GRAPH: _part(decoder.model, decoder.graph, inputs, choose, (steps.logits,))}
    if encoder is not None:
        inputs = encoder_samples(steps, samples)
        graphs[ENCODER_GRAPH] = _part(encoder.model, encoder.graph, inputs, choose, ())
    return Parts(graphs, steps.symbols, _generation(steps))


def _part(model: ir.Model, graph: Graph, samples: Samples, choose: Choose, outputs: tuple[str, ...]) -> Part:
    calibration = Calibration(model, samples)
    found = choose(calibration, outputs)
    recipe = DYNAMIC_INT8 if found is None else found.chosen.recipe
    quantized = finished(calibration, recipe)
    return Part(quantized, graph, found, at_risk(quantized.model, samples))


def _generation(steps: Steps) -> Generation:
    return Generation(
        kind=steps.kind,
        decoder=MAIN_GRAPH,
        encoder=ENCODER_GRAPH if steps.encoder is not None else None,
        source=steps.sources[0] if steps.encoder is not None else None,
        carried=steps.carried,
        tokens=steps.tokens,
        logits=steps.logits,
        length=steps.length,
        cache=tuple(CacheEntry(cache.past, cache.present) for cache in steps.caches),
        positions=steps.positions,
    )
