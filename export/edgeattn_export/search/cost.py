"""What treatments of layers cost: the layers as they would be shipped, timed side by side in processor time.

Between two calls of a layer the weights of all others pass through the caches, so that its own come from
farther away, four times as many bytes in float as in int8. What is timed is therefore several of a unit's
layers in turn.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from statistics import median

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.graph.taps import tapped
from edgeattn_export.quantize.match import Layer
from edgeattn_export.quantize.recipe import Recipe
from edgeattn_export.search.cut import cut
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.store import Answer
from edgeattn_runtime.latency import processor_milliseconds, take_turns

CACHES = 32 * 2**20  # bytes that a core's caches hold, about
FLOAT_BYTES = 4
ROUNDS = 25
WARMUP = 3


def timed_layers(layers: Sequence[Layer]) -> Sequence[Layer]:
    """Return as many of some like layers as fill the caches in float."""
    first = layers[0]
    return layers[: math.ceil(CACHES / (first.width * first.channels * FLOAT_BYTES))]


def milliseconds(judge: Judge, layers: Sequence[Layer], recipes: Sequence[Recipe]) -> list[float]:
    """Time what recipes make of some layers side by side: all layers together, one thread, p50.

    Args:
        judge: Of the graph.
        layers: All of them are in the time.
        recipes: Each treats the layers, and nothing else.
    """
    question = {
        "milliseconds": judge.fingerprint,
        "layers": [layer.name for layer in layers],
        "recipes": [recipe.unnamed().to_json() for recipe in recipes],
    }

    def measure() -> Answer:
        cuts: list[ir.Model] = []
        for recipe in recipes:
            judge.spoiled(recipe)  # while its graph is at hand, which takes longest to make
            cuts.append(cut(judge.part.calibration.model, judge.model(recipe), layers))
        return {"p50": _raced(judge, cuts)}

    times: list[float] = np.asarray(judge.bench.answer(question, measure)["p50"], np.float64).tolist()
    return times


def signature(model: ir.Model) -> Hashable:
    """Return what a graph's time depends on: its operators, attributes, dims and data flow."""
    numbers: dict[ir.Value | None, int] = {None: -1}

    def number(value: ir.Value | None) -> int:
        return numbers.setdefault(value, len(numbers))

    nodes = tuple(
        (
            node.domain,
            node.op_type,
            tuple(sorted(str(attribute) for attribute in node.attributes.values())),
            tuple(number(value) for value in node.inputs),
            tuple(number(value) for value in node.outputs),
        )
        for node in model.graph
    )
    weights = sorted(
        (number(value), str(value.dtype), str(value.shape)) for value in model.graph.initializers.values()
    )
    return nodes, tuple(weights)


def _raced(judge: Judge, cuts: Sequence[ir.Model]) -> list[float]:
    """Return the time of each graph; equal graphs are timed once."""
    inputs = _activations(judge, {value.name or "": None for graph in cuts for value in graph.graph.inputs})
    runner = judge.part.calibration.engine.runner
    graphs = {signature(graph): graph for graph in cuts}
    calls = {i: runner(graph).bind(inputs) for i, graph in enumerate(graphs.values())}
    times = take_turns(calls, processor_milliseconds, rounds=ROUNDS, warmup=WARMUP)
    found = {each: median(times[i]) for i, each in enumerate(graphs)}
    return [found[signature(graph)] for graph in cuts]


def _activations(judge: Judge, names: dict[str, None]) -> Inputs:
    """Return values inside the float graph for a real input of median size."""
    known = judge.part.calibration
    (inputs,) = stratified((sample.inputs for sample in judge.samples), 1)
    return known.engine.runner(tapped(known.model, names))(inputs)
