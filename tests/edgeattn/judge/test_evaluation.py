"""One evaluation, whoever asks: the samples that are compared, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from edgeattn.judge.budget import Budget
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.evaluation import Subject, evaluate, score_here
from edgeattn.judge.measures import SampleScore
from edgeattn.progress import Silent
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import Sample, SampleSplit
from edgeattn_export.lower.ort_cpu import ORT_CPU


class Stages(Silent):
    """Notes every stage."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def stage(self, name: str) -> None:
        self.names.append(name)


@pytest.fixture
def subject(captured: Captured, samples: SampleSplit) -> Subject:
    """The float export in the place of int8."""
    return Subject(
        comparison=Comparison.of(captured, samples, None, Budget.read({"r2": 0.9})),
        int8=ORT_CPU.runner(captured.model),
        target="cpu",
        emulated=False,
        samples=samples,
        rows=None,
        generation=None,
        sizes={},
    )


def test_every_evaluation_sample_is_compared_and_edge_cases_are_tried(subject: Subject) -> None:
    progress = Stages()
    evaluation = evaluate(subject, progress)
    assert list(evaluation.samples) == list(subject.samples.evaluation)
    assert len(evaluation.scores.max_abs) == len(evaluation.samples)
    assert evaluation.scores.r2 == pytest.approx(1)
    assert evaluation.edge_cases
    assert all(case.ok for case in evaluation.edge_cases)
    assert (progress.names, evaluation.notes) == (["evaluate", "edge cases"], ())


def test_samples_behind_the_exports_are_compared_in_a_stream(subject: Subject) -> None:
    further = iter(subject.samples.selection)
    evaluation = evaluate(replace(subject, further=further), Silent())
    assert len(evaluation.scores.max_abs) == len(subject.samples.evaluation) + len(subject.samples.selection)
    assert list(evaluation.samples) == list(subject.samples.evaluation)
    assert next(further, None) is None


def test_samples_are_compared_wherever_the_subject_says(subject: Subject) -> None:
    targets: list[str] = []

    def elsewhere(subject: Subject, samples: Iterable[Sample]) -> Iterator[SampleScore]:
        targets.append(subject.target)
        return score_here(subject, samples)

    scores = evaluate(replace(subject, scoring=elsewhere), Silent()).scores
    assert targets == ["cpu"]
    assert scores == evaluate(subject, Silent()).scores
