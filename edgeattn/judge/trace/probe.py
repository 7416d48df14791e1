"""A model's graphs, opened so that they show what flows at points, and take what should flow there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn.judge.trace.points import Point, names_in_graphs
from edgeattn.judge.trace.recording import Floats
from edgeattn_export.graph.dataflow import sources
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.values import channel_factors, cut_at, cut_inputs, values_of, with_outputs

Feed = Callable[[Inputs], Inputs]
_Opened = Sequence[tuple[tuple[str, ...], Runner]]  # graphs with the names of their inputs
_QUANTIZED = frozenset(
    {
        ir.DataType.INT4,
        ir.DataType.UINT4,
        ir.DataType.INT8,
        ir.DataType.UINT8,
        ir.DataType.INT16,
        ir.DataType.UINT16,
    }
)


@dataclass(frozen=True, slots=True)
class TracedGraphs:
    """Graphs that together are a model.

    Attributes:
        models: In the order in which they run: an encoder's outputs go to its decoder.
        engine: Runs them.
        feed: Returns what they take for one input of the whole model.
    """

    models: Sequence[ir.Model]
    engine: Engine
    feed: Feed = dict


class Probe:
    """Opened graphs.

    Args:
        graphs: Left as they are.
        points: Where to look. What no graph has, as its rewrites left nothing of it, is not looked at.
        expected: What flows at the points for ``inputs``, by their values.
        inputs: One input of the whole model.

    Attributes:
        rounding: By the values of the points that are looked at, whether the step that ends there computes
            with integers.
    """

    def __init__(
        self, graphs: TracedGraphs, points: Iterable[Point], expected: Outputs, inputs: Inputs
    ) -> None:
        self._feed = graphs.feed
        floats = [_floats(model) for model in graphs.models]
        flowing = _run(
            _opened(map(with_outputs, graphs.models, floats), graphs.engine), graphs.feed(inputs), {}
        )
        self._own = names_in_graphs(graphs.models, points, expected, flowing)
        notes = {name: factor for model in graphs.models for name, factor in channel_factors(model).items()}
        self._factors = {value: notes[own] for value, own in self._own.items() if own in notes}
        names = [[own for own in self._own.values() if own in values_of(model)] for model in graphs.models]
        self.rounding = rounding(graphs.models, self._own)
        self._tapped = _opened(map(with_outputs, graphs.models, names), graphs.engine)
        self._forced = _opened(map(cut_at, graphs.models, names), graphs.engine)

    def flowing(self, inputs: Inputs) -> Outputs:
        """Return what flows at the points, by their values, for one input of the whole model."""
        return self._read(_run(self._tapped, self._feed(inputs), {}))

    def as_in_graphs(self, expected: Mapping[str, Floats]) -> dict[str, Floats]:
        """Return what PyTorch has at points as the graphs hold it, see ``edgeattn_export.graph.values``."""
        return {value: np.multiply(it, self._factors.get(value, 1)) for value, it in expected.items()}

    def answers(self, inputs: Inputs, expected: Outputs) -> Outputs:
        """Return what the graphs make at each point of what should flow at those before it."""
        imposed = {own: expected[value] for value, own in self._own.items()}
        return self._read(_run(self._forced, {**self._feed(inputs), **cut_inputs(imposed)}, imposed))

    def _read(self, values: Outputs) -> Outputs:
        return {value: values[own] for value, own in self._own.items()}


def _opened(models: Iterable[ir.Model], engine: Engine) -> _Opened:
    return [
        (tuple(value.name or "" for value in model.graph.inputs), engine.runner(model)) for model in models
    ]


def _run(graphs: _Opened, inputs_of_model: Inputs, expected: Outputs) -> dict[str, NDArray[Any]]:
    """Run graphs in turn; what one gives and another takes is handed on as it should be, if that is known."""
    values: dict[str, NDArray[Any]] = {}
    for inputs, runner in graphs:
        available: Mapping[str, NDArray[Any]] = {**values, **expected, **inputs_of_model}
        values |= runner({name: available[name] for name in inputs})
    return values


def _floats(model: ir.Model) -> list[str]:
    """Return the values of a graph that may be floats, as far as its file says."""
    return [name for name, value in values_of(model).items() if value.dtype in (None, ir.DataType.FLOAT)]


def rounding(models: Sequence[ir.Model], own: Mapping[str, str]) -> dict[str, bool]:
    """Say of each point whether the step that ends there computes with integers."""
    names = set(own.values())
    values = [values_of(model) for model in models]
    return {
        value: any(_rounds(values[name], names) for values in values if name in values)
        for value, name in own.items()
    }


def _rounds(end: ir.Value, names: Collection[str]) -> bool:
    return any(source.dtype in _QUANTIZED for node in _step(end, names) for source in sources(node))


def _step(end: ir.Value, names: Collection[str]) -> Iterator[ir.Node]:
    """Yield the nodes that make a value of those before it at which others end."""
    waiting, visited = [end], {end}
    while waiting:
        node = waiting.pop().producer()
        if node is not None:
            yield node
            new = [it for it in sources(node) if it not in visited and it.name not in names]
            visited.update(new)
            waiting += new
