"""The int8 graphs of a bundle, made of its float ones by one recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.ways import Way, ways_of
from edgeattn_export.quantize import LayerForm, Quantized, Recipe, quantize
from edgeattn_export.quantize.float_graphs import FloatGraph, FloatGraphs
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Generation, Graph, Streaming, Symbol


@dataclass(frozen=True, slots=True)
class QuantizedGraph:
    """One int8 graph.

    Attributes:
        quantized: The graph, and its layers' forms.
        graph: Its contract.
    """

    quantized: Quantized
    graph: Graph


@dataclass(frozen=True, slots=True)
class Graphs:
    """All graphs of a bundle by name, the bounds of their symbols, and how they generate or stream."""

    graphs: Mapping[str, QuantizedGraph]
    symbols: Mapping[str, Symbol]
    generation: Generation | None = None
    streaming: Streaming | None = None

    @property
    def recipe(self) -> str:
        """The recipe that all graphs were made by."""
        return self.graphs[MAIN_GRAPH].quantized.recipe.name

    @property
    def answering(self) -> Mapping[str, QuantizedGraph]:
        """The graphs that answer samples: all but the one of a hop, whose layers are the main graph's."""
        step = None if self.streaming is None else self.streaming.step
        return {name: part for name, part in self.graphs.items() if name != step}

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways in which devices run them, the fastest first."""
        return ways_of(part.quantized.model for part in self.graphs.values())

    def run_by(self, way: Way) -> Graphs:
        """Return the same as they run in a way."""
        graphs = {
            name: replace(part, quantized=replace(part.quantized, model=way.written(part.quantized.model)))
            for name, part in self.graphs.items()
        }
        return replace(self, graphs=graphs)

    @property
    def layers(self) -> tuple[LayerForm, ...]:
        """Every layer of what answers samples, the encoder's first."""
        return tuple(
            layer for part in reversed(tuple(self.answering.values())) for layer in part.quantized.layers
        )

    @property
    def operators(self) -> dict[str, int]:
        """How often each operator occurs in what answers samples, the most frequent first."""
        total: Counter[str] = Counter()
        for part in self.answering.values():
            total.update(operators(part.quantized.model))
        return dict(total.most_common())


def int8_graphs(floats: FloatGraphs, recipe: Recipe) -> Graphs:
    """Make a bundle's graphs int8.

    Args:
        floats: The graphs in float.
        recipe: The bundle's, see ``bundle_recipe``.

    Raises:
        RecipeError: A graph cannot follow it, or a pattern matches no layer of any graph.
        QuantizeError: A layer's weights are not finite, or a result does not load, run, or answer finitely.
    """
    recipes = floats.divided(recipe)
    graphs = {name: _int8(float_graph, recipes[name]) for name, float_graph in floats.graphs.items()}
    if floats.streaming is not None and floats.step is not None:
        graphs[floats.streaming.step] = _int8(floats.step, recipes[MAIN_GRAPH])
    return Graphs(graphs, floats.symbols, floats.generation, floats.streaming)


def _int8(float_graph: FloatGraph, recipe: Recipe) -> QuantizedGraph:
    return QuantizedGraph(quantize(float_graph.calibration, recipe), float_graph.graph)
