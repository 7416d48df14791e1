"""How fast the chosen graphs are, where the target's engine itself runs; an emulator's times mean nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from edgeattn.judge.choice import Choice
from edgeattn.judge.float_model import FloatModel
from edgeattn.judge.on_device import race_on_device
from edgeattn.judge.request import Request
from edgeattn.measure.profile import times_of
from edgeattn.measure.race import race
from edgeattn.measure.runners import THREADS
from edgeattn.results.latency import FLOAT, INT8, Price, Race
from edgeattn_export.cache import ModelGraphs
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.quantize.graphs import Graphs
from edgeattn_runtime.manifest import MAIN_GRAPH, Graph
from edgeattn_runtime.turns import Clock, InTurn, Rounds


def steps_note(latency: Race, int8: Runner, floats: Runner, inputs: Sequence[Inputs], graph: Graph) -> str:
    """Say how int8 compares with float in graphs of the same form, which write a cache as they answer.

    Args:
        latency: Of int8, and of the float export, one graph without a cache.
        int8: The graphs that step.
        floats: The same in float.
        inputs: Real ones, at least one.
        graph: The contract of the whole model.
    """
    alike = race({FLOAT: floats, INT8: int8}, inputs, graph, threads=latency.conditions.threads)
    ratio = alike[FLOAT].p50 / alike[INT8].p50
    return (
        f"Int8 is not faster than the float export here: {latency[INT8].p50:.3g} ms to "
        f"{latency[FLOAT].p50:.3g}. The export is one graph without a cache; the same graphs with a cache "
        f"take {ratio:.2f} times as long in float as in int8."
    )


TIMED = 8  # selection samples, from the smallest to the largest
ROUNDS = Rounds(least=5 * TIMED, most=50 * TIMED, seconds=2.0, warmup=TIMED)


def prices(variants: Mapping[str, Graphs], inputs: list[Inputs], request: Request) -> tuple[Price, ...]:
    """Time variants side by side on every device.

    Args:
        variants: By their targets' names, all of one engine.
        inputs: Selection samples as the main graph sees them.
        request: Names the devices.
    """
    timed = stratified(inputs, TIMED)
    found: list[Price] = []
    for place in request.places:
        engine, threads = request.target.engine.on(place.host), place.threads
        calls = {}
        for name, parts in variants.items():
            runner = engine.runner(parts.graphs[MAIN_GRAPH].quantized.model, threads=threads)
            calls[name] = InTurn([runner.bind(arrays) for arrays in timed])
        times = place.host.turns(calls, Clock("processor" if threads == 1 else "wall"), ROUNDS)
        found += (
            Price(name, parts.recipe, str(place.name), threads, median(times[name]))
            for name, parts in variants.items()
        )
    return tuple(found)


PROFILED = 2  # inputs: the smallest and the largest


@dataclass(frozen=True, slots=True)
class Timing:
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


def timing_of(
    known: FloatModel, chosen: Choice, graphs: ModelGraphs, int8: Runner, request: Request
) -> Timing:
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
        return Timing(None)
    comparison.progress.stage("time")
    if not request.place.is_here:
        return Timing(race_on_device(known, chosen, graphs, request))
    if engine.host is not HERE:
        floats = graphs.runner(engine, threads=THREADS)
        return Timing(comparison.race(int8, samples, beside=floats))
    main = chosen.parts.graphs[MAIN_GRAPH].quantized.model
    operators, modules = times_of(main, engine, stratified(chosen.selection, PROFILED))
    race = comparison.race(int8, samples)
    return Timing(race, operators, modules, _not_faster(race, known, graphs, int8, engine))


def _not_faster(
    race: Race, known: FloatModel, graphs: ModelGraphs, int8: Runner, engine: Engine
) -> tuple[str, ...]:
    """Tell how int8 graphs with a cache compare with float ones, where the float export is no slower."""
    if graphs.generation is None or race[INT8].p50 < race[FLOAT].p50:
        return ()
    floats = graphs.runner(engine, threads=THREADS)
    inputs = [sample.inputs for sample in known.samples.evaluation]
    return (steps_note(race, int8, floats, inputs, known.captured.graph),)
