"""A model that answers whole sequences, and hop by hop: both graphs, and how the second is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Sample, Samples, stratified
from edgeattn_export.graph.trials import trials
from edgeattn_export.incremental.model_graphs import ModelGraph, ModelGraphs
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH
from edgeattn_runtime.bundle.streaming import Streaming, hop_shape
from edgeattn_runtime.graph import Graph

STEP_GRAPH = "step"
PROVEN_ON = 8  # samples of a step, of all that are walked through
WALKED_SAMPLES = 4  # from the shortest to the longest
WALKED_HOPS = 24  # of each, evenly

Array = NDArray[Any]


def walk_hops(
    step: Runner, contract: Graph, streaming: Streaming, whole: Array
) -> Iterator[tuple[Inputs, Mapping[str, Array]]]:
    """Yield what each call of a step takes and gives, of an input as long as whole hops of it.

    Args:
        step: The step graph.
        contract: Its own.
        streaming: How it is called.
        whole: The input; what is behind its last whole hop is left out.
    """
    states: dict[str, Array] = {
        tensor.name: np.zeros(hop_shape(tensor), tensor.dtype)
        for tensor in contract.inputs
        if tensor.name != streaming.input
    }
    for hop in range(whole.shape[streaming.axis] // streaming.hop):
        places = np.arange(hop * streaming.hop, (hop + 1) * streaming.hop)
        inputs = {streaming.input: whole.take(places, axis=streaming.axis), **states}
        outputs = step(inputs)
        yield inputs, outputs
        states = {state.past: outputs[state.present] for state in streaming.states}


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamingGraphs(ModelGraphs):
    """The graph of a model that answers whole sequences, and that which answers a hop; its batch is 1.

    Attributes:
        captured: The whole model.
        times: By output of the step, its time axis.
        left_out: By output of the whole model that a step does not answer, the reason.
    """

    streaming: Streaming
    captured: Captured
    times: Mapping[str, int]
    left_out: Mapping[str, str]

    @property
    def step(self) -> ModelGraph:
        """The graph that answers a hop."""
        return self.graphs[STEP_GRAPH]

    def samples(self, samples: Samples, engine: Engine) -> Mapping[str, Samples]:
        """Return the samples as they are, and calls of the step from some of them, with their states."""
        calls = (Sample(inputs) for inputs in self._calls(samples, engine))
        return {MAIN_GRAPH: samples, STEP_GRAPH: Samples(tuple(calls))}

    def trials(self, samples: Samples, engine: Engine) -> Mapping[str, Iterable[Inputs]]:
        """Return the main graph's trials, and a few calls of the step."""
        calls = list(self._calls(samples, engine))
        whole = trials(samples, self.captured.axes)
        return {MAIN_GRAPH: whole, STEP_GRAPH: calls[:: max(len(calls) // PROVEN_ON, 1)]}

    def runner(self, engine: Engine, *, threads: int = 1) -> Runner:
        """Open the main graph, which answers as the model does."""
        return engine.runner(self.main.model, threads=threads)

    def streamed(self, step: Runner, whole: Array) -> dict[str, Array]:
        """Return what a step answers to an input, hop by hop, joined along time."""
        calls = walk_hops(step, self.step.graph, self.streaming, whole)
        answers = [{name: outputs[name] for name in self.times} for _, outputs in calls]
        return {
            name: np.concatenate([each[name] for each in answers], axis=axis)
            for name, axis in self.times.items()
        }

    def _calls(self, samples: Samples, engine: Engine) -> Iterator[Inputs]:
        """Yield some calls, evenly, the first and the last of a sample among them."""
        step = engine.runner(self.step.model)
        for inputs in stratified((each.inputs for each in samples), WALKED_SAMPLES):
            whole = inputs[self.streaming.input][:1]
            calls = [call for call, _ in walk_hops(step, self.step.graph, self.streaming, whole)]
            places = np.linspace(0, len(calls) - 1, min(WALKED_HOPS, len(calls)))
            yield from (calls[round(place)] for place in places)
