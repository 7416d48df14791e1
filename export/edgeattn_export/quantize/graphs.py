"""The int8 graphs of a bundle, made of its float ones by one recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.functions import inlined
from edgeattn_export.quantize import LayerForm, Quantized, Recipe, quantize
from edgeattn_export.quantize.float_graphs import FloatGraphs
from edgeattn_export.quantize.saturation import Risk, at_risk
from edgeattn_runtime.manifest import MAIN_GRAPH, Generation, Graph, Symbol


@dataclass(frozen=True, slots=True)
class QuantizedGraph:
    """One int8 graph.

    Attributes:
        quantized: The graph, and its layers' forms.
        graph: Its contract.
        risks: Products that answer otherwise on processors whose int8 sums saturate.
    """

    quantized: Quantized
    graph: Graph
    risks: tuple[Risk, ...] = ()


@dataclass(frozen=True, slots=True)
class Graphs:
    """All graphs of a bundle by name, the bounds of their symbols, and how they generate, if they do."""

    graphs: Mapping[str, QuantizedGraph]
    symbols: Mapping[str, Symbol]
    generation: Generation | None = None

    @property
    def recipe(self) -> str:
        """The recipe that all graphs were made by."""
        return self.graphs[MAIN_GRAPH].quantized.recipe.name

    @property
    def has_kernels(self) -> bool:
        """Whether kernels compute any of it, where they are installed."""
        return any(part.quantized.model.functions for part in self.graphs.values())

    def without_kernels(self) -> Graphs:
        """Return the same as they run where no kernels are installed."""
        graphs = {
            name: replace(part, quantized=replace(part.quantized, model=inlined(part.quantized.model)))
            for name, part in self.graphs.items()
        }
        return replace(self, graphs=graphs)

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
    graphs: dict[str, QuantizedGraph] = {}
    for name, float_graph in floats.graphs.items():
        calibration = float_graph.calibration
        quantized = quantize(calibration, recipes[name])
        risks = at_risk(quantized.model, calibration.samples, calibration.engine, calibration.forms)
        graphs[name] = QuantizedGraph(quantized, float_graph.graph, risks)
    return Graphs(graphs, floats.symbols, floats.generation)
