"""The int8 model beside its original and the float export, on the same samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from edgeattn.judge.budget import Budget
from edgeattn.judge.compare import compare, scores_of, with_progress
from edgeattn.judge.kept_answers import KeptAnswers
from edgeattn.judge.measures import SampleScore, Scores
from edgeattn.judge.metric import MetricOfArrays
from edgeattn.judge.output_metrics import (
    DECIDING_SAMPLES,
    OutputMetrics,
    check_count,
    default_metrics,
    output_metrics_of,
)
from edgeattn.judge.padding import Padded
from edgeattn.measure.race import race
from edgeattn.measure.runners import THREADS, runners_of, torch_threads
from edgeattn.progress import Progress
from edgeattn.results.latency import FLOAT, Race
from edgeattn.source.source import Metric
from edgeattn_export.capture import Captured
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample, Samples, SampleSplit
from edgeattn_export.graph.spread import SPREAD_SAMPLES, Spread, spreads_of


@dataclass(frozen=True, slots=True)
class Comparison:
    """What int8 is compared with, and how.

    Attributes:
        captured: The original and the float export; its graph is the contract.
        padded: Tells which positions count.
        metric: The user's; None where there is none.
        spreads: By output, the units of its errors: what the original's answers vary by on selection samples.
        output_metrics: Metrics of single outputs, that the budget limits, or that suit what an output holds.
        judges_metric: Whether evaluation samples suffice to limit the user's by default, if it is a share.
    """

    captured: Captured
    padded: Padded
    metric: Metric | None
    spreads: Mapping[str, Spread]
    output_metrics: OutputMetrics = ()
    judges_metric: bool = False

    @classmethod
    def of(
        cls, captured: Captured, samples: SampleSplit, metric: Metric | None, budget: Budget
    ) -> Comparison:
        """Return how a model is compared, as a budget limits it.

        Args:
            captured: The original and the float export.
            samples: Selection samples show where padding is, and what answers vary by; evaluation samples
                must be enough.
            metric: The user's; None where there is none.
            budget: The limits.

        Raises:
            BudgetError: No output can be what a metric is of, or the metric needs more evaluation samples; or
                a cosine is asked of one number.
        """
        budget.check_answers(captured.graph)
        padded = Padded.of(captured, samples.selection)
        spreads = _spreads(captured, padded, samples)
        kinds = {name: spread.kind for name, spread in spreads.items()}
        output_metrics, count = output_metrics_of(budget.limits, captured.graph), len(samples.evaluation)
        check_count(output_metrics, count)
        if budget.is_explicit_on_accuracy:
            return cls(captured, padded, metric, spreads, output_metrics)
        output_metrics = default_metrics(kinds, captured.graph, count)
        judges_metric = metric is not None and count >= DECIDING_SAMPLES
        return cls(captured, padded, metric, spreads, output_metrics, judges_metric)

    def scores(self, int8: Runner, samples: Samples, progress: Progress) -> Scores:
        """Compare answers on every sample.

        Args:
            int8: What is compared.
            samples: Real ones.
            progress: Told after each.

        Raises:
            ModelError: The module or the metric fails on a sample.
        """
        return self.merged(with_progress(self.each(self.runners(int8), samples), len(samples), progress))

    def runners(self, int8: Runner) -> dict[str, Runner]:
        """Return all three that are compared, by their names, with ``THREADS`` threads each."""
        return runners_of(self.captured, int8, threads=THREADS)

    def each(
        self, runners: Mapping[str, Runner], samples: Iterable[Sample], kept: KeptAnswers | None = None
    ) -> Iterator[SampleScore]:
        """Compare answers sample by sample, with ``THREADS`` threads.

        Args:
            runners: As ``runners`` opens them.
            samples: Real ones, at least one; they may be a stream.
            kept: Keeps what the original answers; None keeps nothing.

        Raises:
            ModelError: The module or the metric fails on a sample.
        """
        stream = iter(samples)
        first = next(stream)
        with torch_threads(THREADS):
            metric = None
            if self.metric is not None:
                metric = MetricOfArrays(self.metric, self.captured, first.inputs)
            every = chain([first], stream)
            yield from compare(runners, every, self.padded, self.spreads, metric, self.output_metrics, kept)

    def merged(self, stream: Iterable[SampleScore]) -> Scores:
        """Return what the scores of samples come to, in their order; a metric from 0 to 1 is a share."""
        has_metric = self.metric is not None
        scores = scores_of(stream, self.spreads, self.padded, self.output_metrics, has_metric=has_metric)
        is_share = all(0 <= value <= 1 for value in scores.metric_pytorch)
        return replace(scores, judges_metric=self.judges_metric and is_share)

    def race(
        self, int8: Runner, samples: Samples, *, floats: Runner | None = None, seconds: float | None = None
    ) -> Race:
        """Time all three on a stratified share of the samples, each with ``THREADS`` threads.

        Args:
            int8: What is raced.
            samples: Real ones.
            floats: The float graph where int8 runs; None takes the float export in this process.
            seconds: That it may take in all, about; None takes the race's own.
        """
        with torch_threads(THREADS):
            runners = self.runners(int8)
            if floats is not None:
                runners[FLOAT] = floats
            inputs = (sample.inputs for sample in samples)
            return race(runners, inputs, self.captured.graph, threads=THREADS, seconds=seconds)


def _spreads(captured: Captured, padded: Padded, samples: SampleSplit) -> dict[str, Spread]:
    """Return what each output of the original varies by, by its float export, padding left out.

    A few selection samples vary too little: calibration samples are taken besides.
    """
    answer = captured.engine.runner(captured.model)
    chosen = [*samples.selection, *samples.calibration][: max(len(samples.selection), SPREAD_SAMPLES)]
    answers = (padded.without_padding(sample.inputs, answer(sample.inputs)) for sample in chosen)
    tensors = captured.graph.outputs
    return spreads_of([replace(each, dims=padded.counted_dims(each)) for each in tensors], answers)
