"""The float graphs of a bundle, with the samples that calibrate each and those that select its recipe.

Inputs at the ends of the contract, made of real samples, record only the range of each value. A single
position, or one that a mask leaves, drives values where no real text does: no mean over many is as far from
0, and fixed steps would clip such an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.edge_cases import EdgeBasis, edge_cases
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs, Samples, SampleSplit
from edgeattn_export.graph.trials import sample_sizes
from edgeattn_export.incremental import ModelGraphs
from edgeattn_export.quantize import Calibration, Recipe
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.recipes.bundle_recipe import divided
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Generation, Graph, Streaming, Symbol
from edgeattn_runtime.bundle.rows import Padding


def boundary_inputs(captured: Captured, samples: Samples, padding: Padding | None) -> Iterator[Inputs]:
    """Yield the edge cases that a real input is like, up to the samples' own sizes: fixed ones end there.

    Args:
        captured: The contract.
        samples: Real inputs.
        padding: How it is marked; None where no input marks it.
    """
    sizes = sample_sizes(samples, captured.axes)
    symbols = {
        name: replace(symbol, max=max(sizes[name])) if name in sizes else symbol
        for name, symbol in captured.symbols.items()
    }
    basis = EdgeBasis(
        graph=captured.graph,
        symbols=symbols,
        axes=captured.axes,
        samples=samples,
        padding=padding,
        rows=None,
    )
    yield from (case.inputs for case in edge_cases(basis) if not case.beyond)


@dataclass(frozen=True, slots=True)
class FloatGraph:
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
class FloatGraphs:
    """All graphs by name, the bounds of their symbols, and how they generate or stream, if they do.

    Attributes:
        step: The graph of a hop, which follows the recipe that is found for the main graph.
    """

    graphs: Mapping[str, FloatGraph]
    symbols: Mapping[str, Symbol]
    generation: Generation | None = None
    streaming: Streaming | None = None
    step: FloatGraph | None = None

    def divided(self, recipe: Recipe) -> dict[str, Recipe]:
        """Return what each graph takes of the bundle's recipe.

        Raises:
            RecipeError: A graph cannot follow it, or a pattern matches no layer of any graph.
        """
        layers = {name: part.calibration.layers for name, part in self.graphs.items()}
        return divided(recipe, layers, self.graphs[MAIN_GRAPH].calibration.forms)


def float_graphs(
    captured: Captured,
    optimized: ModelGraphs,
    samples: SampleSplit,
    engine: Engine,
    forms: Forms,
    padding: Padding | None,
) -> FloatGraphs:
    """Return what a bundle's graphs are made of.

    Args:
        captured: The float graph as exported, with its contract.
        optimized: The model's graphs as the engine is fast at them.
        samples: Real inputs of the whole model; each graph sees them as its own.
        engine: What runs the graphs.
        forms: What it computes.
        padding: How an input marks padding; None where none does.
    """
    is_ranged = forms.whole is not None and optimized.generation is None
    # Ranges of layers come only from real samples.
    boundary = tuple(boundary_inputs(captured, samples.calibration, padding)) if is_ranged else ()
    calibration = optimized.samples(samples.calibration, engine)
    selection = optimized.samples(samples.selection, engine)
    graphs = {
        name: FloatGraph(
            Calibration(each.model, calibration[name], engine, forms, boundary, captured.trained),
            selection[name],
            each.graph,
            each.outputs,
        )
        for name, each in optimized.graphs.items()
    }
    streaming = optimized.streaming
    step = None if streaming is None else _like(graphs.pop(streaming.step), graphs[MAIN_GRAPH])
    return FloatGraphs(graphs, optimized.symbols, optimized.generation, streaming, step)


def _like(step: FloatGraph, main: FloatGraph) -> FloatGraph:
    """Let the layers of a hop's graph have the weights of the main graph's, where all of them stand there."""
    names = {layer.name for layer in main.calibration.layers}
    if any(layer.name not in names for layer in step.calibration.layers):
        return step
    own = step.calibration
    like = Calibration(own.model, own.samples, own.engine, own.forms, like=main.calibration)
    return replace(step, calibration=like)
