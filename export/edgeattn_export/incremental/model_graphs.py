"""A model's float graphs, whatever they are: one that answers whole samples, or a decoder's, which step.

Who lowers, quantizes, runs or times a model asks its graphs, and never which of the two they are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import onnx_ir as ir

from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.apply import Refused
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.trials import trials
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Generation, Graph, Streaming, Symbol, Tensor


@dataclass(frozen=True, slots=True)
class ModelGraph:
    """One float graph of a model.

    Attributes:
        model: The graph.
        graph: Its contract.
        outputs: The names of those that count; empty for all.
    """

    model: ir.Model
    graph: Graph
    outputs: tuple[str, ...] = ()


def contract_tensor(value: ir.Value) -> Tensor:
    """Return what a contract says of a graph's input or output, its name, dtype and dims.

    Raises:
        TypeError: It has no dtype or no dims.
    """
    if value.dtype is None or value.shape is None:
        raise TypeError(f"{value.name}: a graph's input or output without dtype or dims")
    return Tensor(
        value.name or "",
        str(value.dtype.numpy()),
        tuple(dim if isinstance(dim, int) else str(dim.value) for dim in value.shape),
    )


def contract_of(model: ir.Model) -> Graph:
    """Return the contract of a graph whose inputs and outputs all have dtypes and dims."""
    return Graph(
        tuple(map(contract_tensor, model.graph.inputs)), tuple(map(contract_tensor, model.graph.outputs))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelGraphs(ABC):
    """All float graphs of a model.

    Attributes:
        graphs: By their names in a bundle, the main one first: of whole samples, or the decoder.
        symbols: Bounds of the symbols of all graphs.
        generation: How they generate, step by step; None of a graph that answers whole samples.
        streaming: How they answer an input that arrives hop by hop; None where they do not.
    """

    graphs: Mapping[str, ModelGraph]
    symbols: Mapping[str, Symbol]
    generation: Generation | None = None
    streaming: Streaming | None = None

    @property
    def main(self) -> ModelGraph:
        """The main graph."""
        return self.graphs[MAIN_GRAPH]

    def with_models(self, models: Mapping[str, ir.Model]) -> Self:
        """Return them with other graphs of the same contracts, by name."""
        graphs = {name: replace(each, model=models[name]) for name, each in self.graphs.items()}
        return replace(self, graphs=graphs)

    @abstractmethod
    def samples(self, samples: Samples, engine: Engine) -> Mapping[str, Samples]:
        """Return real inputs of each graph; the engine runs those whose outputs are inputs of others."""

    @abstractmethod
    def trials(self, samples: Samples, engine: Engine) -> Mapping[str, Iterable[Inputs]]:
        """Return inputs of each graph on which a rewrite of it is proven; arguments as for ``samples``."""

    @abstractmethod
    def runner(self, engine: Engine, *, threads: int = 1) -> Runner:
        """Open them as one runner of the whole model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeGraph(ModelGraphs):
    """The one graph of a model that answers whole samples, and what it was captured as."""

    captured: Captured

    @classmethod
    def of(cls, model: ir.Model, captured: Captured) -> WholeGraph:
        """Return a graph of the contract that was captured."""
        graphs = {MAIN_GRAPH: ModelGraph(model, captured.graph)}
        return cls(graphs=graphs, symbols=captured.symbols, captured=captured)

    def samples(self, samples: Samples, engine: Engine) -> Mapping[str, Samples]:  # noqa: ARG002
        """Return the samples as they are."""
        return {MAIN_GRAPH: samples}

    def trials(self, samples: Samples, engine: Engine) -> Mapping[str, Iterable[Inputs]]:  # noqa: ARG002
        """Return the samples, and what is made of them in other sizes and with other masks."""
        return {MAIN_GRAPH: trials(samples, self.captured.axes)}

    def runner(self, engine: Engine, *, threads: int = 1) -> Runner:
        """Open it."""
        return engine.runner(self.main.model, threads=threads)


@dataclass(frozen=True, slots=True)
class Cached:
    """What is lowered and made int8, and why a decoder among it has no cache, or an encoder no stream."""

    graphs: ModelGraphs
    refused: tuple[Refused, ...] = ()
