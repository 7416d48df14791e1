"""What was chosen, evaluated once, on samples that chose nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn.judge.choice import Choice
from edgeattn.judge.evaluation_set import EvaluationSet, evaluation_set
from edgeattn.judge.float_model import FloatModel
from edgeattn.judge.footprint import memory_of, parts_mb
from edgeattn.judge.golden import Golden, golden_vectors, step_vectors
from edgeattn.judge.insight import NO_INSIGHT, Insight, insight_of
from edgeattn.judge.measures import Measures, Scores
from edgeattn.judge.on_device import golden_on_device
from edgeattn.judge.request import Request
from edgeattn.judge.timing import Timing, timing_of
from edgeattn.measure.runners import THREADS, runner_of_buckets
from edgeattn.measure.tuning import UNTUNED, Tuning, tune
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.latency import FLOAT, INT8
from edgeattn_export.cache import ModelGraphs
from edgeattn_export.graph.files import file_mb
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.graph.samples import Inputs, stratified
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.targets import Bucket
from edgeattn_export.targets.placement.target_placement import placement_of
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
    tuned: Tuning
    measured: str | None
    notes: tuple[str, ...] = ()
    insight: Insight = NO_INSIGHT


def evaluate(
    known: FloatModel,
    chosen: Choice,
    graphs: ModelGraphs,
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
    with evaluation_set(int8, samples.evaluation, asked, emulated=device.host.emulated) as answered:
        known = replace(known, samples=replace(samples, evaluation=answered.samples))
        return _Evaluating(known, chosen, graphs, buckets, request, answered).evaluation()


@dataclass(frozen=True, slots=True)
class _Evaluating:
    """The stages of an evaluation; what they take is as ``evaluate`` has it.

    Attributes:
        answered: The evaluation samples, with what int8 says to them.
    """

    known: FloatModel
    chosen: Choice
    graphs: ModelGraphs
    buckets: Sequence[Bucket]
    request: Request
    answered: EvaluationSet

    def evaluation(self) -> Evaluation:
        """Go through all of them."""
        known, request, int8 = self.known, self.request, self.answered.int8
        progress = known.comparison.progress
        scores = known.comparison.scores(int8, known.samples.evaluation)
        progress.stage("edge cases")
        edge_cases = self._edge_cases()
        times = timing_of(known, self.chosen, self.graphs, int8, request)
        progress.stage("tune")
        tuned = self._tuned()
        progress.stage("trace")
        insight = self._insight(scores)
        progress.stage("prove")
        golden = self._golden()
        if not request.place.is_here:
            edge_cases = (*edge_cases, *golden_on_device(golden, self.chosen, request))
        measures = self._measures(scores, times, golden)
        padded, notes = known.comparison.padded.notes, self.answered.notes
        return Evaluation(
            measures,
            count=len(known.samples.evaluation),
            checks=request.budget.checks(measures),
            edge_cases=edge_cases,
            golden=golden,
            rows=known.rows.rows,
            tuned=tuned,
            measured=request.engine.host.machine() if request.is_own_engine else None,
            notes=(*padded, *known.rows.notes, *notes, *times.notes, *insight.notes),
            insight=insight,
        )

    def _edge_cases(self) -> tuple[EdgeCase, ...]:
        known, generation = self.known, self.chosen.parts.generation
        return known.comparison.edge_cases(
            self.answered.int8,
            known.samples.selection,
            known.rows.rows,
            generation,
            sizes=self.buckets[0].sizes,
        )

    def _tuned(self) -> Tuning:
        """Tune sessions where the target's engine is this runtime's: here, or on a device."""
        chosen, request = self.chosen, self.request
        is_this_runtime = not request.place.is_here or request.engine.host is HERE
        if not request.is_own_engine or not is_this_runtime:
            return UNTUNED
        cores = request.machine.cores
        return tune(chosen.parts, request.engine, chosen.selection, self.known.rows.rows, cores=cores)

    def _insight(self, scores: Scores) -> Insight:
        request = self.request
        is_here = request.is_own_engine and request.place.is_here and request.engine.host is HERE
        engine = request.engine if is_here else None
        return insight_of(self.known, self.answered.int8, self.buckets[-1], scores.cosine, engine)

    def _golden(self) -> Golden:
        known, evaluation = self.known, self.known.samples.evaluation
        if self.graphs.generation is not None:
            return step_vectors(self.graphs, self.chosen.parts, evaluation, self.request.target)
        inputs = (sample.inputs for sample in evaluation)
        return golden_vectors(known.comparison.captured.reference, self.answered.int8, inputs)

    def _measures(self, scores: Scores, times: Timing, golden: Golden) -> Measures:
        request, parts = self.request, self.chosen.parts
        memory = None
        if "memory_mb" in request.budget:
            memory = memory_of(parts, request.target, golden.samples, request.place)
        return Measures(
            scores=scores,
            latency_ms=times.race,
            size_mb={FLOAT: file_mb(self.known.captured.model), INT8: parts_mb(parts)},
            memory_mb=memory,
            operator_times=times.operators,
            module_times=times.modules,
            placement=placement_of(request.target, self._placed()),
            golden=golden.tolerance,
        )

    def _placed(self) -> Iterator[tuple[ir.Model, Inputs]]:
        """Yield all graphs, the middle bucket's first, each with inputs of its sizes, or of median size."""
        known, buckets = self.known, self.buckets
        (whole,) = stratified((sample.inputs for sample in known.samples.selection), 1)
        (main,) = stratified(self.chosen.selection, 1)
        middle = len(buckets) // 2
        for bucket in (buckets[middle], *buckets[:middle], *buckets[middle + 1 :]):
            for name, part in bucket.parts.graphs.items():
                inputs = main if name == MAIN_GRAPH else whole  # an encoder takes some of these
                if bucket.sizes:
                    inputs = sized_inputs(known.samples.selection, known.captured.axes, bucket.sizes)
                yield part.quantized.model, inputs
