"""Which evaluation samples are run: by their sizes and by time, never by what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from edgeattn.judge import evaluation_set as module
from edgeattn.judge.evaluation_set import FEWEST_SAMPLES, evaluation_set
from edgeattn.measure.buckets import BucketRunner
from edgeattn_export.capture import Captured
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Samples, SampleSplit
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.bundle.rows import Padding, Rows
from edgeattn_runtime.errors import InputError, SampleError

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
