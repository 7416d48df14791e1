"""Int8 graphs evaluated on samples that chose nothing: in an export, of a bundle, or spread over workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from edgeattn.judge.comparison import Comparison, with_progress
from edgeattn.judge.edge_cases import edge_case_results
from edgeattn.judge.evaluation_set import evaluation_set
from edgeattn.judge.measures import SampleScore, Scores
from edgeattn.measure.runners import THREADS, takes, torch_threads
from edgeattn.progress import Progress
from edgeattn.results.check import EdgeCase
from edgeattn_export.graph.edge_cases import EdgeBasis
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample, Samples, SampleSplit
from edgeattn_export.lower.fixed import Sizes
from edgeattn_runtime.bundle.generation import Generation
from edgeattn_runtime.bundle.rows import Rows

# Yields the score of each of some samples, in their order, wherever int8 is compared with the original.
Scoring = Callable[["Subject", Iterable[Sample]], Iterator[SampleScore]]


def score_here(subject: Subject, samples: Iterable[Sample]) -> Iterator[SampleScore]:
    """Compare samples in this process, one after the other."""
    comparison = subject.comparison
    return comparison.each(comparison.runners(subject.int8), samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is evaluated, and on what.

    Attributes:
        samples: The evaluation samples are compared; edge cases are made of the selection samples.
        further: Samples behind those, which chose nothing either, in a stream; None evaluates on no more.
        rows: What is proven of the model's rows; None where nothing is.
        sizes: That its graph fixes, by symbol; where one is the batch, rows are run one by one.
    """

    comparison: Comparison
    int8: Runner
    target: str
    emulated: bool
    samples: SampleSplit
    further: Iterable[Sample] | None = None
    rows: Rows | None
    generation: Generation | None
    sizes: Sizes
    scoring: Scoring = score_here


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How right int8 is.

    Attributes:
        samples: The evaluation samples that were run, without those behind them.
        notes: What was left out, a line each.
    """

    scores: Scores
    edge_cases: tuple[EdgeCase, ...]
    int8: Runner
    samples: Samples
    notes: tuple[str, ...]


def evaluate(subject: Subject, progress: Progress) -> Evaluation:
    """Compare int8 with its original on every evaluation sample, and on edge cases.

    Raises:
        SampleError: The graphs take none of the samples.
        ModelError: The module or the metric fails on a sample.
    """
    is_bounded = subject.emulated and subject.further is None and subject.scoring is score_here
    output_metrics = subject.comparison.output_metrics
    progress.stage("evaluate")
    with evaluation_set(subject.int8, subject.samples.evaluation, output_metrics, emulated=is_bounded) as (
        int8,
        samples,
        notes,
    ):
        subject = replace(subject, int8=int8)
        scores = _scores(subject, samples, progress)
        progress.stage("edge cases")
        return Evaluation(scores, _edge_cases(subject), int8, samples, notes)


def _scores(subject: Subject, samples: Samples, progress: Progress) -> Scores:
    every: Iterable[Sample] = samples
    total: int | None = len(samples)
    if subject.further is not None:
        every = chain(samples, (each for each in subject.further if takes(subject.int8, each.inputs)))
        total = None
    return subject.comparison.merged(with_progress(subject.scoring(subject, every), total, progress))


def _edge_cases(subject: Subject) -> tuple[EdgeCase, ...]:
    comparison, captured = subject.comparison, subject.comparison.captured
    basis = EdgeBasis(
        graph=captured.graph,
        symbols=captured.symbols,
        axes=captured.axes,
        samples=subject.samples.selection,
        padding=comparison.padded.padding,
        rows=subject.rows,
        generation=subject.generation,
        by_row=captured.axes.batch in subject.sizes,
    )
    with torch_threads(THREADS):
        return edge_case_results(
            basis, comparison.runners(subject.int8), comparison.padded, comparison.spreads
        )
