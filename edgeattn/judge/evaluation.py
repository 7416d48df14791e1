"""What was chosen, evaluated once, on samples that chose nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn.judge.budget import Check
from edgeattn.judge.choosing import Chosen
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.golden import Golden, golden_vectors, step_vectors
from edgeattn.judge.independence import Trial, independent_rows
from edgeattn.judge.measures import Measures
from edgeattn.judge.request import Request
from edgeattn.judge.weighing import memory_of
from edgeattn.measure.latencies import FLOAT, INT8, Race
from edgeattn.measure.operator_times import operator_times
from edgeattn.measure.runners import runner_of_floats, runner_of_parts
from edgeattn.measure.size import parts_mb
from edgeattn.measure.threads import THREADS
from edgeattn.measure.tune import AS_IT_IS, Tuned, tune
from edgeattn_export.cache import Steps
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.graph.optional import attempted
from edgeattn_export.graph.placement import Placement
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Parts as SampleParts
from edgeattn_export.graph.samples import Samples, stratified
from edgeattn_export.graph.serialize import file_mb
from edgeattn_export.recover import Recovered
from edgeattn_export.targets.placement.of_target import placement_of
from edgeattn_runtime.manifest import MAIN_GRAPH
from edgeattn_runtime.rows import Rows

PROFILED = 2  # inputs: the smallest and the largest


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that is known of the chosen graphs.

    Attributes:
        measures: Over the evaluation samples.
        checks: What was measured against what was asked.
        golden: The vectors that the bundle carries.
        rows: What is proven of the main graph's rows; None where nothing is.
        tuned: How a device opens it, and runs rows.
        measured: What it was run on; None where that is not the target's own engine.
        notes: What the model author should know of it, a line each.
    """

    measures: Measures
    checks: tuple[Check, ...]
    golden: Golden
    rows: Rows | None
    tuned: Tuned
    measured: str | None
    notes: tuple[str, ...] = ()


def evaluate(
    chosen: Chosen, graphs: Recovered | Steps, samples: SampleParts, comparison: Comparison, request: Request
) -> Evaluation:
    """Evaluate the chosen graphs on the evaluation samples, and measure how a device best runs them.

    Args:
        chosen: What is evaluated.
        graphs: What it was made of, in float.
        samples: All parts: sessions and rows are tuned on the selection.
        comparison: With the original.
        request: What was asked.
    """
    captured, prover, progress = comparison.captured, request.target.prover, comparison.progress
    device = request.target.device
    int8 = runner_of_parts(chosen.parts, device, threads=THREADS)
    progress.stage("evaluate")
    accuracy = comparison.accuracy(int8, samples.evaluation)
    latency, times = _timed(chosen, graphs, int8, samples.evaluation, comparison, request)
    progress.stage("tune")
    rows, notes = None, comparison.padded.notes
    if chosen.parts.generation is None:  # whose main graph takes steps, not the samples
        inputs = [sample.inputs for sample in samples.selection]
        trial = Trial(captured.graph, captured.symbols, inputs, prover.runner(captured.model))
        rows, failed = attempted("the independence of rows", lambda: independent_rows(trial), None)
        notes = (*notes, *failed)
    tuned = tune(chosen.parts, device, chosen.selection, rows) if device.host is HERE else AS_IT_IS
    progress.stage("prove")
    golden = _golden(chosen, graphs, int8, samples, comparison, request)
    sizes = {FLOAT: file_mb(captured.model), INT8: parts_mb(chosen.parts)}
    memory = None
    if "memory_mb" in request.budget:
        memory = memory_of(chosen.parts, request.target, golden.samples)
    measures = Measures(
        accuracy=accuracy,
        latency_ms=latency,
        size_mb=sizes,
        memory_mb=memory,
        operator_times=times,
        placement=_placement(chosen, request),
        golden=golden.tolerance,
    )
    measured = device.host.machine() if device is request.target.engine else None
    return Evaluation(measures, request.budget.checks(measures), golden, rows, tuned, measured, notes)


def _placement(chosen: Chosen, request: Request) -> Placement | None:
    """Return where the main graph's work runs, for an input of median size."""
    (inputs,) = stratified(chosen.selection, 1)
    return placement_of(request.target, chosen.parts.graphs[MAIN_GRAPH].quantized.model, inputs)


def _timed(
    chosen: Chosen,
    graphs: Recovered | Steps,
    int8: Runner,
    samples: Samples,
    comparison: Comparison,
    request: Request,
) -> tuple[Race | None, Mapping[str, float]]:
    """Race the three where the target's engine runs; an emulator's times, and a stand-in's, mean nothing."""
    engine = request.target.device
    if engine is not request.target.engine or engine.host.emulated:
        return None, {}
    comparison.progress.stage("time")
    if engine.host is not HERE:
        floats = runner_of_floats(graphs, engine, threads=THREADS)
        return comparison.race(int8, samples, beside=floats), {}
    main = chosen.parts.graphs[MAIN_GRAPH].quantized.model
    times = operator_times(main, engine, stratified(chosen.selection, PROFILED))
    return comparison.race(int8, samples), times


def _golden(
    chosen: Chosen,
    graphs: Recovered | Steps,
    int8: Runner,
    samples: SampleParts,
    comparison: Comparison,
    request: Request,
) -> Golden:
    if isinstance(graphs, Steps):
        return step_vectors(graphs, chosen.parts, samples.evaluation, request.target)
    inputs = (sample.inputs for sample in samples.evaluation)
    return golden_vectors(comparison.captured.reference, int8, inputs)
