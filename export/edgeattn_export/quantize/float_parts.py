"""The float graphs of a bundle: one, or a decoder with its cache and the encoder that it may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn_export.cache import Steps, decoder_samples, encoder_samples
from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.samples import Samples
from edgeattn_export.quantize import Calibration
from edgeattn_export.recover import Recovered
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.generation import check_generation
from edgeattn_runtime.manifest import MAIN_GRAPH, CacheEntry, Generation, Graph, Symbol

ENCODER_GRAPH = "encoder"


@dataclass(frozen=True, slots=True)
class FloatPart:
    """One graph before it is made int8.

    Attributes:
        calibration: The lean float graph, with real inputs as it sees them.
        graph: Its contract.
        outputs: The names of those that count; empty for all.
    """

    calibration: Calibration
    graph: Graph
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FloatParts:
    """All graphs by name, the bounds of their symbols, and how they generate, if they do."""

    graphs: Mapping[str, FloatPart]
    symbols: Mapping[str, Symbol]
    generation: Generation | None = None


def float_parts(captured: Captured, lean: Recovered | Steps, samples: Samples) -> FloatParts:
    """Return what a bundle's graphs are made of.

    Args:
        captured: The float graph as exported, with its contract.
        lean: The one graph, recovered, or a decoder's step form.
        samples: Real inputs of the whole model; a step graph sees them as its own steps do.
    """
    if isinstance(lean, Recovered):
        part = FloatPart(Calibration(lean.model, samples), captured.graph)
        return FloatParts({MAIN_GRAPH: part}, captured.symbols)
    decoder, encoder = lean.decoder, lean.encoder
    inputs = decoder_samples(lean, samples, captured.engine)
    graphs = {MAIN_GRAPH: FloatPart(Calibration(decoder.model, inputs), decoder.graph, (lean.logits,))}
    if encoder is not None:
        inputs = encoder_samples(lean, samples)
        graphs[ENCODER_GRAPH] = FloatPart(Calibration(encoder.model, inputs), encoder.graph)
    return FloatParts(graphs, lean.symbols, _generation(lean))


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
