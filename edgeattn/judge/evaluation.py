"""What was chosen, evaluated once, on samples that chose nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn.judge.check import Check
from edgeattn.judge.choosing import Chosen
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.edge_cases.edge_case import EdgeCase
from edgeattn.judge.evaluated import Evaluated, evaluated
from edgeattn.judge.float_model import FloatModel
from edgeattn.judge.golden import Golden, golden_vectors, step_vectors
from edgeattn.judge.insight import NOTHING_SEEN, Insight, look
from edgeattn.judge.measures import Measures
from edgeattn.judge.on_device import golden_on_device
from edgeattn.judge.request import Request
from edgeattn.judge.timing import timed
from edgeattn.judge.weighing import memory_of
from edgeattn.measure.latencies import FLOAT, INT8
from edgeattn.measure.runners import runner_of_buckets
from edgeattn.measure.size import parts_mb
from edgeattn.measure.threads import THREADS
from edgeattn.measure.tune import AS_IT_IS, Tuned, tune
from edgeattn_export.cache import Steps
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.graph.samples import Parts as SampleParts
from edgeattn_export.graph.serialize import file_mb
from edgeattn_export.graph.shapes import shaped
from edgeattn_export.recover import Recovered
from edgeattn_export.targets import Bucket
from edgeattn_export.targets.placement.of_target import placement_of
from edgeattn_runtime.manifest import MAIN_GRAPH
from edgeattn_runtime.rows import Rows


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that is known of the chosen graphs.

    Attributes:
        measures: Over the evaluation samples.
        count: How many of them there were.
        checks: What was measured against what was asked.
        edge_cases: What users meet besides the samples.
        golden: The vectors that the bundle carries.
        rows: What is proven of the main graph's rows; None where nothing is.
        tuned: How a device opens it, and runs rows.
        measured: What it was run on; None where that is not the target's own engine.
        notes: What the model author should know of it, a line each.
        insight: What a person looks at beside the figures.
    """

    measures: Measures
    count: int
    checks: tuple[Check, ...]
    edge_cases: tuple[EdgeCase, ...]
    golden: Golden
    rows: Rows | None
    tuned: Tuned
    measured: str | None
    notes: tuple[str, ...] = ()
    insight: Insight = NOTHING_SEEN


def evaluate(
    known: FloatModel,
    chosen: Chosen,
    graphs: Recovered | Steps,
    buckets: Sequence[Bucket],
    request: Request,
) -> Evaluation:
    """Evaluate the chosen graphs on the evaluation samples, and measure how a device best runs them.

    Args:
        known: The model that they are compared with; sessions and rows are tuned on its selection samples.
        chosen: What is evaluated.
        graphs: What it was made of, in float.
        buckets: The same in the sizes that the target fixes.
        request: What was asked.
    """
    device, samples, asked = request.target.device, known.samples, known.comparison.asked
    int8 = runner_of_buckets(buckets, known.rows.rows, device, threads=THREADS)
    known.comparison.progress.stage("evaluate")
    with evaluated(int8, samples.evaluation, asked, emulated=device.host.emulated) as answered:
        known = replace(known, samples=replace(samples, evaluation=answered.samples))
        return _evaluated(known, chosen, graphs, buckets, request, answered)


def _evaluated(
    known: FloatModel,
    chosen: Chosen,
    graphs: Recovered | Steps,
    buckets: Sequence[Bucket],
    request: Request,
    answered: Evaluated,
) -> Evaluation:
    captured, samples, comparison, rows = known.captured, known.samples, known.comparison, known.rows.rows
    progress, int8 = comparison.progress, answered.int8
    scores = comparison.scores(int8, samples.evaluation)
    progress.stage("edge cases")
    sizes = buckets[0].sizes
    edge_cases = comparison.edge_cases(int8, samples.selection, rows, chosen.parts.generation, sizes=sizes)
    times = timed(known, chosen, graphs, int8, request)
    progress.stage("tune")
    tuned = _tuned(chosen, rows, request)
    progress.stage("trace")
    is_here = request.is_own_engine and request.place.is_here and request.engine.host is HERE
    insight = look(known, int8, buckets[-1], scores.cosine, request.engine if is_here else None)
    notes = (
        *comparison.padded.notes,
        *known.rows.notes,
        *answered.notes,
        *times.notes,
        *insight.notes,
    )
    progress.stage("prove")
    golden = _golden(chosen, graphs, int8, samples, comparison, request)
    if not request.place.is_here:
        edge_cases = (*edge_cases, *golden_on_device(golden, chosen, request))
    memory = None
    if "memory_mb" in request.budget:
        memory = memory_of(chosen.parts, request.target, golden.samples, request.place)
    measures = Measures(
        scores=scores,
        latency_ms=times.race,
        size_mb={FLOAT: file_mb(captured.model), INT8: parts_mb(chosen.parts)},
        memory_mb=memory,
        operator_times=times.operators,
        module_times=times.modules,
        placement=placement_of(request.target, _graphs(known, chosen, buckets)),
        golden=golden.tolerance,
    )
    measured = request.engine.host.machine() if request.is_own_engine else None
    checks = request.budget.checks(measures)
    count = len(samples.evaluation)
    return Evaluation(measures, count, checks, edge_cases, golden, rows, tuned, measured, notes, insight)


def _graphs(
    known: FloatModel, chosen: Chosen, buckets: Sequence[Bucket]
) -> Iterator[tuple[ir.Model, Inputs]]:
    """Yield all graphs, the middle bucket's first, each with inputs of its sizes, or of median size."""
    (whole,) = stratified((sample.inputs for sample in known.samples.selection), 1)
    (main,) = stratified(chosen.selection, 1)
    middle = len(buckets) // 2
    for bucket in (buckets[middle], *buckets[:middle], *buckets[middle + 1 :]):
        for name, part in bucket.parts.graphs.items():
            inputs = main if name == MAIN_GRAPH else whole  # an encoder takes some of these
            if bucket.sizes:
                inputs = shaped(known.samples.selection, known.captured.axes, bucket.sizes)
            yield part.quantized.model, inputs


def _tuned(chosen: Chosen, rows: Rows | None, request: Request) -> Tuned:
    """Tune sessions where the target's engine is this runtime's: here, or on a device."""
    is_this_runtime = not request.place.is_here or request.engine.host is HERE
    if not request.is_own_engine or not is_this_runtime:
        return AS_IT_IS
    return tune(chosen.parts, request.engine, chosen.selection, rows, cores=request.machine.cores)


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
