"""The float graphs of a bundle: one, or a decoder with its cache and the encoder that it may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import onnx_ir as ir

from edgeattn_export.cache import Steps, decoder_samples, encoder_samples
from edgeattn_export.cache.steps import ENCODER_GRAPH
from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.samples import Parts as SampleParts
from edgeattn_export.quantize import Calibration, Recipe
from edgeattn_export.quantize.bundle_recipe import divided
from edgeattn_export.quantize.ends import ends
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.recover import Recovered
from edgeattn_runtime.manifest import MAIN_GRAPH, Generation, Graph, Symbol
from edgeattn_runtime.rows import Padding


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
    samples: SampleParts,
    engine: Engine,
    forms: Forms,
    padding: Padding | None,
) -> FloatParts:
    """Return what a bundle's graphs are made of.

    Args:
        captured: The float graph as exported, with its contract.
        optimized: The one graph, or a decoder's step form, as the engine is fast at them.
        samples: Real inputs of the whole model; a step graph sees them as its own steps do.
        engine: What runs the graphs.
        forms: What it computes.
        padding: How an input tells padding; None where none does.
    """

    def part(
        model: ir.Model,
        graph: Graph,
        seen: Callable[[Samples], Samples],
        outputs: tuple[str, ...] = (),
        reaching: tuple[Inputs, ...] = (),
    ) -> FloatPart:
        known = Calibration(model, seen(samples.calibration), engine, forms, reaching)
        return FloatPart(known, seen(samples.selection), graph, outputs)

    if isinstance(optimized, Recovered):
        is_ranged = forms.whole is not None  # beside layers, whose ranges real samples alone tell
        reaching = tuple(ends(captured, samples.calibration, padding)) if is_ranged else ()
        whole = part(optimized.model, captured.graph, lambda them: them, reaching=reaching)
        return FloatParts({MAIN_GRAPH: whole}, captured.symbols)
    decoder, encoder = optimized.decoder, optimized.encoder
    stepped = partial(decoder_samples, optimized, engine=engine)
    graphs = {MAIN_GRAPH: part(decoder.model, decoder.graph, stepped, (optimized.logits,))}
    if encoder is not None:
        graphs[ENCODER_GRAPH] = part(encoder.model, encoder.graph, partial(encoder_samples, optimized))
    return FloatParts(graphs, optimized.symbols, optimized.generation)
