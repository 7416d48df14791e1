"""An int8 model proven for its bundle: evaluated, timed, tuned, and answered for by golden vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn.judge.budget import Budget
from edgeattn.judge.cache_size import cache_mb
from edgeattn.judge.constant_answer import metric_notes
from edgeattn.judge.evaluation import Evaluation, evaluate
from edgeattn.judge.footprint import graphs_mb, memory_of
from edgeattn.judge.golden import Golden, golden_of, golden_on_device, golden_vectors_of
from edgeattn.judge.insight import Insight, insight_of
from edgeattn.judge.measures import Measures
from edgeattn.judge.models import Int8Model
from edgeattn.judge.planted_errors import planted_errors
from edgeattn.judge.streaming import streamed_of
from edgeattn.judge.timing import Timing, timing_of
from edgeattn.measure.placement import placement_of
from edgeattn.measure.tuning import UNTUNED, Tuning, tune
from edgeattn.progress import Progress
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.latency import FLOAT, INT8, Race
from edgeattn.results.other_way import OtherWay
from edgeattn.results.planted_error import PlantedError
from edgeattn_export.graph.files import file_mb
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.graph.ways import Way
from edgeattn_runtime.bundle.golden import GoldenVectors
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All that was measured of an int8 model.

    Attributes:
        golden: The vectors that the bundle carries.
        tuning: How a device opens it, and runs rows.
        measured: What it was run on; None where that is not the target's own engine.
        notes: What the model author should know of it, a line each.
    """

    measures: Measures
    checks: tuple[Check, ...]
    edge_cases: tuple[EdgeCase, ...]
    golden: Golden
    tuning: Tuning
    measured: str | None
    insight: Insight
    notes: tuple[str, ...]
    other_ways: tuple[OtherWay, ...] = ()
    planted: tuple[PlantedError, ...] = ()

    @property
    def count(self) -> int:
        """How many samples evaluated."""
        return self.measures.scores.count


def prove(model: Int8Model, progress: Progress) -> Proof:
    """Evaluate an int8 model once, and measure how a device best runs it."""
    request, floats = model.request, model.float_model
    evaluation = evaluate(model.subject(), progress)
    timing = timing_of(model, evaluation, progress)
    hop_cases, hop_notes = streamed_of(model, evaluation.samples)
    progress.stage("tune")
    tuning = _tuning(model)
    progress.stage("trace")
    insight = insight_of(model, evaluation, progress)
    progress.stage("prove")
    vectors = golden_vectors_of(model, evaluation)
    golden = golden_of(model, evaluation, vectors)
    others = [_run_by(way, model, vectors, progress) for way in model.ways[1:]]
    for other in others:
        golden = golden.or_wider(other.golden)
    on_device = () if request.place.is_here else golden_on_device(golden, model)
    measures = _measures(model, evaluation, timing, golden)
    return Proof(
        measures=measures,
        checks=request.budget.checks(measures),
        edge_cases=(*evaluation.edge_cases, *hop_cases, *on_device),
        golden=golden,
        tuning=tuning,
        measured=request.engine.host.machine() if request.is_own_engine else None,
        insight=insight,
        notes=(
            *floats.comparison.padded.notes,
            *floats.rows.notes,
            *evaluation.notes,
            *metric_notes(floats.comparison, evaluation.samples, evaluation.scores.metric_pytorch),
            *timing.notes,
            *hop_notes,
            *insight.notes,
        ),
        other_ways=tuple(other.judged(request.budget, measures) for other in others),
        planted=planted_errors(floats.comparison, request.budget, evaluation.samples),
    )


def _measures(model: Int8Model, evaluation: Evaluation, timing: Timing, golden: Golden) -> Measures:
    request, graphs = model.request, model.choice.int8
    has_limit = "memory_mb" in request.budget
    return Measures(
        scores=evaluation.scores,
        latency_ms=timing.race,
        size_mb={FLOAT: file_mb(model.float_model.captured.model), INT8: graphs_mb(graphs)},
        cache_mb=cache_mb(graphs.generation, {name: part.graph for name, part in graphs.graphs.items()}),
        memory_mb=memory_of(graphs, golden.vectors.samples, request) if has_limit else None,
        operator_times=timing.operators,
        module_times=timing.modules,
        placement=placement_of(request.target, _placed(model)),
        golden=golden.largest_tolerance,
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What was measured of the graphs in another way."""

    name: str
    evaluation: Evaluation
    latency: Race | None
    golden: Golden

    def judged(self, budget: Budget, measures: Measures) -> OtherWay:
        """Hold it against the budget; its size and memory are those of the first way."""
        scores = self.evaluation.scores
        own = replace(measures, scores=scores, latency_ms=self.latency, golden=self.golden.largest_tolerance)
        return OtherWay(
            name=self.name,
            checks=budget.checks(own),
            accuracy=scores.accuracy,
            latency_ms=self.latency,
            edge_cases=self.evaluation.edge_cases,
        )


def _run_by(way: Way, model: Int8Model, vectors: GoldenVectors, progress: Progress) -> _Run:
    """Evaluate and time the graphs in another way."""
    other = model.run_by(way)
    evaluation = evaluate(other.subject(), progress)
    golden = golden_of(other, evaluation, vectors)
    return _Run(way.name, evaluation, timing_of(other, evaluation, progress).race, golden)


def _tuning(model: Int8Model) -> Tuning:
    """Tune sessions where the target's engine is this runtime's: here, or on a device."""
    request, choice = model.request, model.choice
    is_this_runtime = not request.place.is_here or request.engine.host is HERE
    if request.objective.draft or not request.is_own_engine or not is_this_runtime:
        return UNTUNED
    rows, cores = model.float_model.rows.rows, request.machine.cores
    return tune(choice.int8, request.engine, choice.selection, rows, cores=cores)


def _placed(model: Int8Model) -> Iterator[tuple[ir.Model, Inputs]]:
    """Yield all graphs, the middle bucket's first, each with inputs of its sizes, or of median size."""
    selection, buckets = model.float_model.samples.selection, model.buckets
    (whole,) = stratified((sample.inputs for sample in selection), 1)
    (main,) = stratified(model.choice.selection, 1)
    middle = len(buckets) // 2
    for bucket in (buckets[middle], *buckets[:middle], *buckets[middle + 1 :]):
        for name, part in bucket.parts.answering.items():
            inputs = main if name == MAIN_GRAPH else whole  # an encoder takes some of these
            if bucket.sizes:
                inputs = sized_inputs(selection, model.float_model.captured.axes, bucket.sizes)
            yield part.quantized.model, inputs
