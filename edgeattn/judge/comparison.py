"""The int8 model beside its original and the float export, on the same samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from edgeattn.judge.compare import compare, scores_of, with_progress
from edgeattn.judge.measures import SampleScore, Scores
from edgeattn.judge.metric import MetricOfArrays
from edgeattn.judge.output_metrics import OutputMetrics, check_count, output_metrics_of
from edgeattn.judge.padding import Padded
from edgeattn.measure.race import race
from edgeattn.measure.runners import THREADS, runners_of, torch_threads
from edgeattn.progress import Progress
from edgeattn.results.latency import FLOAT, Race
from edgeattn.source.source import Metric
from edgeattn_export.capture import Captured
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample, Samples, SampleSplit


@dataclass(frozen=True, slots=True)
class Comparison:
    """What int8 is compared with, and how.

    Attributes:
        captured: The original and the float export; its graph is the contract.
        padded: Tells which positions count.
        metric: The user's; None where there is none.
        output_metrics: Metrics of single outputs, that the budget limits.
    """

    captured: Captured
    padded: Padded
    metric: Metric | None
    output_metrics: OutputMetrics = ()

    @classmethod
    def of(
        cls, captured: Captured, samples: SampleSplit, metric: Metric | None, limits: Iterable[str]
    ) -> Comparison:
        """Return how a model is compared, as a budget limits it.

        Args:
            captured: The original and the float export.
            samples: Selection samples show where padding is; evaluation samples must be enough.
            metric: The user's; None where there is none.
            limits: The budget's, by name.

        Raises:
            BudgetError: No output can be what a metric is of, or the metric needs more evaluation samples.
        """
        padded = Padded.of(captured, samples.selection)
        output_metrics = output_metrics_of(limits, captured.graph)
        check_count(output_metrics, len(samples.evaluation))
        return cls(captured, padded, metric, output_metrics)

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

    def each(self, runners: Mapping[str, Runner], samples: Iterable[Sample]) -> Iterator[SampleScore]:
        """Compare answers sample by sample, with ``THREADS`` threads.

        Args:
            runners: As ``runners`` opens them.
            samples: Real ones, at least one; they may be a stream.

        Raises:
            ModelError: The module or the metric fails on a sample.
        """
        stream = iter(samples)
        first = next(stream)
        with torch_threads(THREADS):
            metric = None
            if self.metric is not None:
                metric = MetricOfArrays(self.metric, self.captured, first.inputs)
            yield from compare(runners, chain([first], stream), self.padded, metric, self.output_metrics)

    def merged(self, stream: Iterable[SampleScore]) -> Scores:
        """Return what the scores of samples come to, in their order."""
        return scores_of(stream, self.output_metrics, has_metric=self.metric is not None)

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
