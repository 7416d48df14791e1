"""The float graphs of a bundle: one, or a decoder with its cache and the encoder that it may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn_export.cache import Steps, decoder_samples, encoder_samples
from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Samples
from edgeattn_export.quantize import Calibration, Recipe
from edgeattn_export.quantize.bundle_recipe import divided
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.recover import Recovered
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.generation import check_generation
from edgeattn_runtime.manifest import MAIN_GRAPH, CacheEntry, Generation, Graph, Symbol

ENCODER_GRAPH = "encoder"


@dataclass(frozen=True, slots=True)
class FloatPart:
    """One graph before it is made int8.

    Attributes:
        calibration: The optimized float graph, with the calibration samples as it sees them.
        selection: The selection samples as it sees them.
        graph: Its contract.
        outputs: The names of those that count; empty for all.
    """

    calibration: Calibration
    selection: Samples
    graph: Graph
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FloatParts:
    """All graphs by name, the bounds of their symbols, and how they generate, if they do."""

    graphs: Mapping[str, FloatPart]
    symbols: Mapping[str, Symbol]
    generation: Generation | None = None

    def divided(self, recipe: Recipe) -> dict[str, Recipe]:
        """Return what each graph takes of the bundle's recipe.

        Raises:
            RecipeError: A graph cannot follow it, or a pattern matches no layer of any graph.
        """
        layers = {name: part.calibration.layers for name, part in self.graphs.items()}
        return divided(recipe, layers, self.graphs[MAIN_GRAPH].calibration.forms)


def float_parts(
    captured: Captured,
    optimized: Recovered | Steps,
    calibration: Samples,
    selection: Samples,
    *,
    engine: Engine,
    forms: Forms,
) -> FloatParts:
    """Return what a bundle's graphs are made of.

    Args:
        captured: The float graph as exported, with its contract.
        optimized: The one graph, recovered, or a decoder's step form.
        calibration: Real inputs of the whole model; a step graph sees them as its own steps do.
        selection: Others, that the search chooses on.
        engine: What runs the graphs.
        forms: What it computes.
    """
    if isinstance(optimized, Recovered):
        known = Calibration(optimized.model, calibration, engine, forms)
        return FloatParts({MAIN_GRAPH: FloatPart(known, selection, captured.graph)}, captured.symbols)
    decoder, encoder = optimized.decoder, optimized.encoder
    seen, judged = (decoder_samples(optimized, samples) for samples in (calibration, selection))
    known = Calibration(decoder.model, seen, engine, forms)
    graphs = {MAIN_GRAPH: FloatPart(known, judged, decoder.graph, (optimized.logits,))}
    if encoder is not None:
        seen, judged = (encoder_samples(optimized, samples) for samples in (calibration, selection))
        known = Calibration(encoder.model, seen, engine, forms)
        graphs[ENCODER_GRAPH] = FloatPart(known, judged, encoder.graph)
    return FloatParts(graphs, optimized.symbols, _generation(optimized))


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
