"""The int8 model beside its original and the float export, on the same samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from edgeattn.judge.compare import SampleScore, compare, counted, scores_of
from edgeattn.judge.edge_cases import edge_case_results
from edgeattn.judge.measures import Scores
from edgeattn.judge.metric import MetricOfArrays
from edgeattn.judge.output_metrics import Asked
from edgeattn.judge.padding import Padded
from edgeattn.measure.race import race
from edgeattn.measure.runners import THREADS, runners_of, torch_threads
from edgeattn.progress import Progress
from edgeattn.results.check import EdgeCase
from edgeattn.results.latency import FLOAT, Race
from edgeattn.source.source import Metric
from edgeattn_export.capture import Captured
from edgeattn_export.graph.edge_cases import EdgeBasis
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.lower.fixed import Sizes
from edgeattn_runtime.generation import Generation
from edgeattn_runtime.rows import Rows


@dataclass(frozen=True, slots=True)
class Comparison:
    """What int8 is compared with, and how.

    Attributes:
        captured: The original and the float export; its graph is the contract.
        padded: Tells which positions count.
        metric: The user's; None where there is none.
        progress: Told of the stages and steps.
        asked: Metrics of single outputs, that the budget limits.
    """

    captured: Captured
    padded: Padded
    metric: Metric | None
    progress: Progress
    asked: Asked = ()

    def scores(self, int8: Runner, samples: Samples) -> Scores:
        """Compare answers on every sample.

        Raises:
            ModelError: The module or the metric fails on a sample.
        """
        return self.merged(counted(self.each(self.runners(int8), samples), len(samples), self.progress))

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
            yield from compare(runners, chain([first], stream), self.padded, metric=metric, asked=self.asked)

    def merged(self, stream: Iterable[SampleScore]) -> Scores:
        """Return what the scores of samples come to, in their order."""
        return scores_of(stream, self.asked, has_metric=self.metric is not None)

    def edge_cases(
        self,
        int8: Runner,
        samples: Samples,
        rows: Rows | None,
        generation: Generation | None,
        *,
        sizes: Sizes,
    ) -> tuple[EdgeCase, ...]:
        """Try what users meet besides the samples.

        Args:
            int8: What is tried.
            samples: Real ones, that edge cases are made of.
            rows: What is proven of the rows; None where nothing is.
            generation: What makes it step; None where it does not.
            sizes: That its graph fixes, by symbol; where one is the batch, rows are run one by one.
        """
        captured = self.captured
        ground = EdgeBasis(
            graph=captured.graph,
            symbols=captured.symbols,
            axes=captured.axes,
            samples=samples,
            padding=self.padded.padding,
            rows=rows,
            generation=generation,
            by_row=captured.axes.batch in sizes,
        )
        with torch_threads(THREADS):
            return edge_case_results(ground, self.runners(int8), self.padded)

    def race(self, int8: Runner, samples: Samples, *, beside: Runner | None = None) -> Race:
        """Time all three on a stratified share of the samples, each with ``THREADS`` threads.

        Args:
            int8: What is raced.
            samples: Real ones.
            beside: The float graph where int8 runs; None takes the float export in this process.
        """
        with torch_threads(THREADS):
            runners = self.runners(int8)
            if beside is not None:
                runners[FLOAT] = beside
            inputs = (sample.inputs for sample in samples)
            return race(runners, inputs, self.captured.graph, threads=THREADS)
