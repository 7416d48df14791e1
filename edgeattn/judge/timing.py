"""How fast the chosen graphs are, where the target's engine itself runs; an emulator's times mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgeattn.judge.choosing import Chosen
from edgeattn.judge.float_model import FloatModel
from edgeattn.judge.on_device import race_on_device
from edgeattn.judge.request import Request
from edgeattn.measure.float_steps import float_steps
from edgeattn.measure.latencies import FLOAT, INT8, Race
from edgeattn.measure.operator_times import times_of
from edgeattn.measure.runners import runner_of_floats
from edgeattn.measure.threads import THREADS
from edgeattn_export.cache import Steps
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import stratified
from edgeattn_export.recover import Recovered
from edgeattn_runtime.manifest import MAIN_GRAPH

PROFILED = 2  # inputs: the smallest and the largest


@dataclass(frozen=True, slots=True)
class Timed:
    """What was timed.

    Attributes:
        race: Of PyTorch, float and int8; None where the target's engine did not run, or was emulated.
        operators: By operator, its share of the main int8 graph's time.
        modules: By PyTorch module, the same.
        notes: How int8 graphs with a cache compare with float ones, where the float export is no slower.
    """

    race: Race | None
    operators: Mapping[str, float] = field(default_factory=dict)
    modules: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def timed(
    known: FloatModel, chosen: Chosen, graphs: Recovered | Steps, int8: Runner, request: Request
) -> Timed:
    """Race all where the target's engine runs.

    Args:
        known: The model that they are compared with, on the evaluation samples.
        chosen: What is timed.
        graphs: What it was made of, in float.
        int8: Runs what was chosen.
        request: What was asked.
    """
    engine, comparison, samples = request.engine, known.comparison, known.samples.evaluation
    if not request.is_own_engine or engine.host.emulated:
        return Timed(None)
    comparison.progress.stage("time")
    if not request.place.is_here:
        return Timed(race_on_device(known, chosen, graphs, request))
    if engine.host is not HERE:
        floats = runner_of_floats(graphs, engine, threads=THREADS)
        return Timed(comparison.race(int8, samples, beside=floats))
    main = chosen.parts.graphs[MAIN_GRAPH].quantized.model
    operators, modules = times_of(main, engine, stratified(chosen.selection, PROFILED))
    race = comparison.race(int8, samples)
    return Timed(race, operators, modules, _not_faster(race, known, graphs, int8, engine))


def _not_faster(
    race: Race, known: FloatModel, graphs: Recovered | Steps, int8: Runner, engine: Engine
) -> tuple[str, ...]:
    """Tell how int8 graphs with a cache compare with float ones, where the float export is no slower."""
    if not isinstance(graphs, Steps) or race[INT8].p50 < race[FLOAT].p50:
        return ()
    floats = runner_of_floats(graphs, engine, threads=THREADS)
    inputs = [sample.inputs for sample in known.samples.evaluation]
    return (float_steps(race, int8, floats, inputs, known.captured.graph),)
