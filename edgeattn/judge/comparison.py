"""The int8 model compared with its original and the float export: a score a sample, and what all come to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.budget import Budget, answers_one_number
from edgeattn.judge.measures import SampleScore, Scores
from edgeattn.judge.metric import MetricOfArrays
from edgeattn.judge.noise import snr_db
from edgeattn.judge.output_metrics import (
    DECIDING_SAMPLES,
    OutputMetrics,
    check_count,
    default_metrics,
    metric_means,
    output_metrics_of,
)
from edgeattn.judge.output_metrics.output_metric import OutputAnswers
from edgeattn.judge.padding import Padded
from edgeattn.judge.r2 import output_r2, r2_part
from edgeattn.measure.race import race
from edgeattn.measure.runners import THREADS, runners_of, torch_threads
from edgeattn.progress import Progress
from edgeattn.results.latency import FLOAT, INT8, PYTORCH, Race
from edgeattn.source.module import Metric
from edgeattn_export.capture import Captured
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample, Samples, SampleSplit
from edgeattn_export.graph.spread import SPREAD_SAMPLES, Spread, spreads_of
from edgeattn_runtime.bundle.deviation import cosine
from edgeattn_runtime.errors import CaptureError, ModelError


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

        Selection samples show where padding is, and what answers vary by.

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
        """Compare answers on every sample; raises as ``each`` does."""
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
            ModelError: The module or the metric fails on a sample, or only the original answers it with NaN.
            CaptureError: A graph answers a sample with other dims than the original.
        """
        stream = iter(samples)
        first = next(stream)
        with torch_threads(THREADS):
            metric = None
            if self.metric is not None:
                metric = MetricOfArrays(self.metric, self.captured, first.inputs)
            for sample in chain([first], stream):
                answers = {name: runner(sample.inputs) for name, runner in runners.items()}
                yield self.score(answers, sample, runners, metric)

    def score(
        self,
        answers: Mapping[str, Outputs],
        sample: Sample,
        runners: Mapping[str, Runner],
        metric: Callable[[Outputs, Sample], float] | None = None,
    ) -> SampleScore:
        """Return how near answers to one sample are; raises as ``each`` does.

        Args:
            answers: By runner, those of the original, float and int8.
            sample: What they are to.
            runners: By the same names, for a metric that asks on.
            metric: Of all outputs.
        """
        for name in (FLOAT, INT8):
            _check_dims(sample.number, name, answers[PYTORCH], answers[name])
        counted = {name: self.padded.without_padding(sample.inputs, it) for name, it in answers.items()}
        flat = {name: _flat(answer) for name, answer in counted.items()}
        _check_defined(sample.number, flat)
        return SampleScore(
            r2_parts={
                name: r2_part(spread, *(counted[runner][name] for runner in (PYTORCH, INT8, FLOAT)))
                for name, spread in self.spreads.items()
            },
            cosine=cosine(flat[PYTORCH], flat[INT8]),
            cosine_float=cosine(flat[PYTORCH], flat[FLOAT]),
            max_abs=_max_abs(flat[PYTORCH], flat[INT8]),
            snr_db=snr_db(flat[PYTORCH], flat[INT8]),
            metric_pytorch=metric(answers[PYTORCH], sample) if metric else math.nan,
            metric_int8=metric(answers[INT8], sample) if metric else math.nan,
            kept={
                (each.name, tensor.name): each.keep(
                    OutputAnswers.of(
                        tensor, self.spreads[tensor.name].kind, sample, answers, runners, self.padded
                    )
                )
                for each, tensor in self.output_metrics
            },
        )

    def merged(self, stream: Iterable[SampleScore]) -> Scores:
        """Return what the scores of samples come to, in their order; a metric from 0 to 1 is a share."""
        scores, has_metric = tuple(stream), self.metric is not None
        has_cosine = not answers_one_number(self.padded.graph)
        metric_pytorch = tuple(score.metric_pytorch for score in scores if has_metric)
        return Scores(
            outputs=[
                output_r2(
                    each.name, each.dims, self.spreads[each.name], [s.r2_parts[each.name] for s in scores]
                )
                for each in self.padded.graph.outputs
            ],
            cosine=tuple(score.cosine for score in scores if has_cosine),
            cosine_float=tuple(score.cosine_float for score in scores if has_cosine),
            max_abs=tuple(score.max_abs for score in scores),
            snr_db=tuple(score.snr_db for score in scores),
            metric_pytorch=metric_pytorch,
            metric_int8=tuple(score.metric_int8 for score in scores if has_metric),
            judges_metric=self.judges_metric and all(0 <= value <= 1 for value in metric_pytorch),
            output_metrics=metric_means(self.output_metrics, [score.kept for score in scores]),
        )

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


def with_progress(
    stream: Iterable[SampleScore], total: int | None, progress: Progress
) -> Iterator[SampleScore]:
    """Yield scores, and let progress know of each; ``total`` is None where nobody knows how many follow."""
    for done, score in enumerate(stream, 1):
        progress.step(done, total or done, "" if total else f"{done} samples")
        yield score


def _spreads(captured: Captured, padded: Padded, samples: SampleSplit) -> dict[str, Spread]:
    """Return what each output of the original varies by, by its float export, padding left out.

    A few selection samples vary too little: calibration samples are taken besides.
    """
    answer = captured.engine.runner(captured.model)
    chosen = [*samples.selection, *samples.calibration][: max(len(samples.selection), SPREAD_SAMPLES)]
    answers = (padded.without_padding(sample.inputs, answer(sample.inputs)) for sample in chosen)
    tensors = captured.graph.outputs
    return spreads_of([replace(each, dims=padded.counted_dims(each)) for each in tensors], answers)


def _check_dims(number: int, runner: str, expected: Outputs, answer: Outputs) -> None:
    for name, value in expected.items():
        if value.shape != answer[name].shape:
            raise CaptureError(
                f"sample {number}: the {runner} graph's output {name!r} has dims {answer[name].shape}, the "
                f"original's {value.shape}; a size is computed otherwise in it: export samples of such sizes"
            )


def _check_defined(number: int, flat: Mapping[str, NDArray[np.float64]]) -> None:
    """Refuse a sample on which only the original has NaN: no answer to it can be judged."""
    undefined = np.isnan(flat[PYTORCH]) & ~np.isnan(flat[FLOAT])
    if undefined.any():
        raise ModelError(
            f"sample {number}: the original answers NaN in {undefined.sum()} places where the graph has "
            "numbers, as for a query whose keys are all masked out with minus infinity; fill with "
            "-1e9, or leave such samples out"
        )


def _flat(outputs: Outputs) -> NDArray[np.float64]:
    return np.concatenate([np.asarray(value, np.float64).ravel() for value in outputs.values()])


def _max_abs(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    finite = np.isfinite(a) & np.isfinite(b)  # an infinity that only one of them holds makes the cosine 0
    return float(np.abs(a[finite] - b[finite]).max(initial=0.0))
