"""One evaluation, whoever asks: the samples that are compared, by sizes and time alone, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from edgeattn.judge import evaluation_set as module
from edgeattn.judge.budget import Budget
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.evaluation import Subject, evaluate, score_here
from edgeattn.judge.evaluation_set import FEWEST_SAMPLES, evaluation_set
from edgeattn.judge.measures import SampleScore
from edgeattn.judge.models import FloatModel
from edgeattn.measure.runners import BucketRunner
from edgeattn.progress import Silent
from edgeattn_export.capture import Captured
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Sample, Samples, SampleSplit
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.bundle.rows import Padding, Rows
from edgeattn_runtime.errors import InputError, SampleError


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


ROWS = Rows("batch", Padding("attention_mask", 0))


class Counting:
    """The float export, and how often it was asked."""

    def __init__(self, runner: Runner) -> None:
        self.runner, self.calls = runner, 0

    def __call__(self, inputs: Mapping[str, Any]) -> Any:
        self.calls += 1
        return self.runner(inputs)

    def bind(self, inputs: Mapping[str, Any]) -> Callable[[], object]:
        return self.runner.bind(inputs)


@pytest.fixture
def counting(captured: Captured) -> Counting:
    return Counting(ORT_CPU.runner(captured.model))


@pytest.fixture
def fixed(captured: Captured, counting: Counting) -> Callable[[int], BucketRunner]:
    """A function that returns the float export for at most so many tokens."""
    return lambda length: BucketRunner(captured.graph, [({"batch": 1, "sequence": length}, counting)], ROWS)


def lengths(samples: Samples) -> list[int]:
    return [sample.inputs["tokens"].shape[1] for sample in samples]


def test_all_samples_are_run_where_nothing_is_fixed_and_nothing_slow(
    counting: Counting, samples: SampleSplit
) -> None:
    with evaluation_set(counting, samples.evaluation, (), emulated=False) as (int8, chosen, notes):
        assert int8 is counting
        assert list(chosen) == list(samples.evaluation)
        assert (notes, counting.calls) == ((), 0)


def test_samples_beyond_the_fixed_sizes_are_left_out_and_told_of(
    fixed: Callable[[int], BucketRunner], samples: SampleSplit
) -> None:
    assert max(lengths(samples.evaluation)) > 9
    with evaluation_set(fixed(9), samples.evaluation, (), emulated=False) as (_int8, chosen, notes):
        assert lengths(chosen) == [length for length in lengths(samples.evaluation) if length <= 9]
        assert len(notes) == 1
        assert notes[0].startswith(f"{len(samples.evaluation) - len(chosen)} evaluation samples")


def test_where_no_sample_fits_nothing_is_evaluated(
    fixed: Callable[[int], BucketRunner], samples: SampleSplit
) -> None:
    with (
        pytest.raises(SampleError, match="24"),
        evaluation_set(fixed(2), samples.evaluation, (), emulated=False),
    ):
        pass


def test_an_emulator_without_time_runs_the_fewest_evenly_spread_and_each_once(
    counting: Counting, samples: SampleSplit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EMULATOR_SECONDS", 0.0)
    monkeypatch.setattr(module, "FEWEST_SAMPLES", 8)
    with evaluation_set(counting, samples.evaluation, (), emulated=True) as (int8, chosen, notes):
        assert [sample.number for sample in chosen] == [s.number for s in samples.evaluation[::3]]
        assert "8 of 24" in notes[0]
        for sample in (*chosen, *chosen):
            expected = counting.runner(sample.inputs)["tags"]
            assert int8(sample.inputs)["tags"] == pytest.approx(expected, abs=1e-6)
    assert counting.calls == 8 + 1  # one told how long a call takes


def test_an_emulator_with_time_runs_all(counting: Counting, samples: SampleSplit) -> None:
    with evaluation_set(counting, samples.evaluation, (), emulated=True) as (_int8, chosen, notes):
        assert list(chosen) == list(samples.evaluation)
        assert notes == ()


def test_what_an_emulator_raises_is_raised_where_its_answer_is_asked_for(
    fixed: Callable[[int], BucketRunner], counting: Counting, samples: SampleSplit
) -> None:
    with evaluation_set(counting, samples.evaluation, (), emulated=True) as (int8, _chosen, _notes):
        counting.runner = fixed(2)
        longer = samples.selection[-1].inputs
        with pytest.raises(InputError):
            int8(longer)


def test_the_fewest_decide_a_worst_case() -> None:
    assert FEWEST_SAMPLES == 59


def test_samples_that_evaluate_have_no_say_in_sizes(captured: Captured, samples: SampleSplit) -> None:
    unread: Any = cast("Any", None)
    model = FloatModel(unread, 0.0, None, captured, unread, unread, unread, samples, unread)
    lengths = [s.inputs["tokens"].shape[1] for s in (*samples.calibration, *samples.selection)]
    assert [sizes["sequence"] for sizes in model.choosing_sizes] == lengths
