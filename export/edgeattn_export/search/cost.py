"""What treatments of layers cost: the layers as they would be shipped, timed side by side in processor time.

Between two calls of a layer the weights of all others pass through the caches, so that its own come from
farther away, four times as many bytes in float as in int8. What is timed is therefore several of a unit's
layers in turn.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from glob import escape
from itertools import chain
from statistics import median

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.functions import inlined
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.graph.values import values_of, with_outputs
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.quantize import written
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment
from edgeattn_export.search.candidates import nominal
from edgeattn_export.search.cut import cut
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.rig import Step
from edgeattn_export.search.store import Answer
from edgeattn_export.search.units import Unit
from edgeattn_runtime.timing.interleaved import Rounds
from edgeattn_runtime.timing.latency import Call

CACHE_BYTES = 32 * 2**20  # bytes that a core's caches hold, about
FLOAT_BYTES = 4
ROUNDS = Rounds(least=7, most=25, seconds=0.5, warmup=3)  # of one comparison

# The share of the time without kernels in that of a layer with them: of two forms that a kernel computes
# alike, that is chosen which is faster on devices that have none.
WITHOUT = 0.05

Wanted = Mapping[Unit, Sequence[Treatment]]


def timed_layers(layers: Sequence[Layer]) -> Sequence[Layer]:
    """Return as many of some like layers as fill the caches in float."""
    first = layers[0]
    return layers[: math.ceil(CACHE_BYTES / (first.width * first.channels * FLOAT_BYTES))]


def milliseconds(meter: ErrorMeter, treatments_of: Wanted, step: Step) -> dict[str, list[float]]:
    """Time units in each of their treatments, side by side: all layers of a unit together, one thread, p50.

    Where the device cannot be timed here, the times are nominal. They are by the unit's name, in the order of
    its treatments.
    """
    paces = meter.rig.candidates.paces
    if paces is not None:
        calibration = meter.calibration
        return {
            unit.name: [nominal(calibration, unit.layers, treatment, paces) for treatment in treatments]
            for unit, treatments in treatments_of.items()
        }
    cuts, units = _Cuts(meter, treatments_of), list(treatments_of)
    questions = [
        {
            "milliseconds": meter.fingerprint,
            "layers": [layer.name for layer in timed_layers(unit.layers)],
            "recipes": [unit.isolated(treatment).unnamed().to_json() for treatment in treatments],
        }
        for unit, treatments in treatments_of.items()
    ]
    answers = meter.rig.answers(questions, lambda places: cuts.timed([units[place] for place in places]))
    times: dict[str, list[float]] = {}
    for done, unit in enumerate(units):
        step(done, len(units), f"timing {unit.name}")
        share = len(unit.layers) / len(timed_layers(unit.layers))
        times[unit.name] = [float(time) * share for time in np.asarray(next(answers)["p50"], np.float64)]
    step(len(units), len(units), "")
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


@dataclass
class _Cuts:
    """The layers of units, cut out of graphs that give one treatment to every unit that wants it.

    So there is a graph to write for each treatment, not for each treatment of each unit.
    """

    meter: ErrorMeter
    treatments_of: Wanted
    _times: dict[Hashable, list[float]] = field(default_factory=dict, init=False)

    def timed(self, units: Sequence[Unit]) -> Iterator[Answer]:
        """Yield the time of each unit's layers in each treatment; equal graphs share one."""
        both_ways = [
            [way for graph in self._graphs[unit.name] for way in (graph, inlined(graph))] for unit in units
        ]
        by_unit = [{signature(graph): graph for graph in graphs} for graphs in both_ways]
        keys = [tuple((key, self._sizes(graph)) for key, graph in graphs.items()) for graphs in by_unit]
        unknown = {
            each: graphs for each, graphs in zip(keys, by_unit, strict=True) if each not in self._times
        }
        races = self.meter.rig.races(map(self._calls, unknown.values()), ROUNDS)
        measured = zip(unknown, races, strict=True)
        for ways, each, graphs in zip(both_ways, keys, by_unit, strict=True):
            while each not in self._times:
                timed_key, raced = next(measured)
                self._times[timed_key] = [median(times) for times in raced.values()]
            times = dict(zip(graphs, self._times[each], strict=True))
            timed = [times[signature(way)] for way in ways]
            pairs = zip(timed[0::2], timed[1::2], strict=True)
            yield {"p50": [(1 - WITHOUT) * own + WITHOUT * without for own, without in pairs]}

    @cached_property
    def _graphs(self) -> dict[str, list[ir.Model]]:
        """By the unit's name, its layers in each of its treatments."""
        calibration = self.meter.calibration
        cuts: dict[tuple[str, Treatment], ir.Model] = {}
        shared: dict[str, Collection[str]] = {}  # by the unit's name, what all of its graphs have
        every = dict.fromkeys(chain.from_iterable(self.treatments_of.values()))
        # Those first of which values are missing: one graph is held at a time.
        for treatment in sorted(every, key=lambda each: not calibration.forms.linear[each.form].fuses):
            units = [unit for unit, treatments in self.treatments_of.items() if treatment in treatments]
            layers = {unit.name: timed_layers(unit.layers) for unit in units}
            named = tuple((escape(layer.name), treatment) for layer in chain.from_iterable(layers.values()))
            graph = written(calibration, Recipe("", named, ()))
            values = values_of(graph).keys()
            shared |= {name: values & shared.get(name, values) for name in layers}
            cuts |= {
                (name, treatment): cut(calibration.model, graph, its, shared[name])
                for name, its in layers.items()
            }
        return {
            unit.name: [cuts[unit.name, each] for each in its] for unit, its in self.treatments_of.items()
        }

    @cached_property
    def _inputs(self) -> Inputs:
        """What is fed: values inside the float graph for a real input of median size."""
        calibration = self.meter.calibration
        (inputs,) = stratified((sample.inputs for sample in self.meter.samples), 1)
        graphs = chain.from_iterable(self._graphs.values())
        names = dict.fromkeys(value.name or "" for graph in graphs for value in graph.graph.inputs)
        return calibration.engine.runner(with_outputs(calibration.model, names))(inputs)

    def _sizes(self, graph: ir.Model) -> Hashable:
        return tuple(self._inputs[value.name or ""].shape for value in graph.graph.inputs)

    def _calls(self, graphs: Mapping[Hashable, ir.Model]) -> dict[int, Call]:
        engine, rig = self.meter.calibration.engine, self.meter.rig
        return {i: rig.runner(engine, graph).bind(self._inputs) for i, graph in enumerate(graphs.values())}
