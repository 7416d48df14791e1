"""How fast the chosen graphs are, where the target's engine itself runs; an emulator's times mean nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from edgeattn.judge.evaluation import Evaluation
from edgeattn.judge.models import Int8Model
from edgeattn.judge.request import Request
from edgeattn.measure.profile import times_of
from edgeattn.measure.race import race
from edgeattn.measure.runners import THREADS
from edgeattn.progress import Progress
from edgeattn.results.latency import FLOAT, INT8, Price, Race
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Samples, stratified
from edgeattn_export.quantize.graphs import Graphs
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Graph
from edgeattn_runtime.timing.interleaved import Clock, InTurn, Rounds

DRAFT_SECONDS = 1.5  # that the race of a draft may take, about
PROFILED_INPUTS = 2  # inputs: the smallest and the largest
TIMED_SAMPLES = 8  # selection samples, from the smallest to the largest
ROUNDS = Rounds(least=5 * TIMED_SAMPLES, most=50 * TIMED_SAMPLES, seconds=2.0, warmup=TIMED_SAMPLES)


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


def timing_of(model: Int8Model, evaluation: Evaluation, progress: Progress) -> Timing:
    """Race all where the target's engine runs."""
    request, graphs, samples = model.request, model.lowered.graphs, evaluation.samples
    engine, comparison = request.engine, model.float_model.comparison
    if not request.is_own_engine or engine.host.emulated:
        return Timing(None)
    progress.stage("time")
    if not request.place.is_here:
        return Timing(_race_on_device(model, samples))
    if not request.is_in_process:
        floats = graphs.runner(engine, threads=THREADS)
        return Timing(comparison.race(evaluation.int8, samples, floats=floats))
    operators, modules = times_of(model.main, engine, stratified(model.choice.selection, PROFILED_INPUTS))
    latency = comparison.race(
        evaluation.int8, samples, seconds=DRAFT_SECONDS if request.objective.draft else None
    )
    return Timing(latency, operators, modules, _steps_notes(latency, model, evaluation))


def _race_on_device(model: Int8Model, samples: Samples) -> Race:
    """Time the float and the int8 main graph side by side; of a decoder, its calls with a cache."""
    request, captured, graphs = model.request, model.float_model.captured, model.lowered.graphs
    place, floats, prover = request.place, captured.model, captured.engine
    if graphs.generation is not None:
        floats, prover = graphs.main.model, request.target.prover
    threads = place.threads
    runners = {
        FLOAT: prover.on(place.host).runner(floats, threads=threads),
        INT8: request.engine.runner(model.main, threads=threads),
    }
    contract = model.choice.int8.graphs[MAIN_GRAPH].graph
    return race(runners, model.main_inputs(samples), contract, threads=threads, host=place.host)


def _steps_notes(latency: Race, model: Int8Model, evaluation: Evaluation) -> tuple[str, ...]:
    """Tell how int8 graphs with a cache compare with float ones, where the float export is no slower."""
    graphs = model.lowered.graphs
    if graphs.generation is None or latency[INT8].p50 < latency[FLOAT].p50:
        return ()
    floats = graphs.runner(model.request.engine, threads=THREADS)
    inputs = [sample.inputs for sample in evaluation.samples]
    return (steps_note(latency, evaluation.int8, floats, inputs, model.float_model.captured.graph),)


def steps_note(latency: Race, int8: Runner, floats: Runner, inputs: Sequence[Inputs], graph: Graph) -> str:
    """Say how int8 compares with float in graphs of the same form, which write a cache as they answer."""
    alike = race({FLOAT: floats, INT8: int8}, inputs, graph, threads=latency.conditions.threads)
    ratio = alike[FLOAT].p50 / alike[INT8].p50
    return (
        f"Int8 is not faster than the float export here: {latency[INT8].p50:.3g} ms to "
        f"{latency[FLOAT].p50:.3g}. The export is one graph without a cache; the same graphs with a cache "
        f"take {ratio:.2f} times as long in float as in int8."
    )


def prices(variants: Mapping[str, Graphs], inputs: list[Inputs], request: Request) -> tuple[Price, ...]:
    """Time variants of one engine, by their targets' names, side by side on every device."""
    timed = stratified(inputs, TIMED_SAMPLES)
    costs: list[Price] = []
    for place in request.places:
        engine, threads = request.target.engine.on(place.host), place.threads
        calls = {}
        for name, graphs in variants.items():
            runner = engine.runner(graphs.graphs[MAIN_GRAPH].quantized.model, threads=threads)
            calls[name] = InTurn([runner.bind(arrays) for arrays in timed])
        times = place.host.turns(calls, Clock("processor" if threads == 1 else "wall"), ROUNDS)
        costs += (
            Price(name, graphs.recipe, str(place.name), threads, median(times[name]))
            for name, graphs in variants.items()
        )
    return tuple(costs)
