from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from edgeattn.judge import comparison as comparison_module
from edgeattn.judge.budget import Budget
from edgeattn.judge.comparison import THREADS, Comparison, torch_threads
from edgeattn.measure import race as module
from edgeattn.progress import Silent
from edgeattn.results.latency import FLOAT, INT8, PYTORCH
from edgeattn_export.capture import Captured
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, SampleSplit
from edgeattn_export.lower.ort_cpu import ORT_CPU


@pytest.fixture
def comparison(captured: Captured, samples: SampleSplit) -> Comparison:
    return Comparison.of(captured, samples, None, Budget.read({"r2": 0.9}))


@pytest.fixture
def runner(captured: Captured) -> Runner:
    """The float export, in the place of int8."""
    return ORT_CPU.runner(captured.model)


def test_the_float_export_is_the_original_as_int8_too(
    comparison: Comparison, runner: Runner, samples: SampleSplit
) -> None:
    found = comparison.scores(runner, samples.selection, Silent()).accuracy
    assert found.cosine_min == found.cosine_float_min == pytest.approx(1, abs=1e-6)
    assert found.metric_pytorch is None


def test_a_metric_is_put_to_both_and_averaged(comparison: Comparison, samples: SampleSplit) -> None:
    class Zero:
        """Answers with nothing but 0."""

        def __call__(self, inputs: Inputs) -> Outputs:
            return {name: 0 * array for name, array in comparison.captured.reference(inputs).items()}

        def bind(self, inputs: Inputs) -> Callable[[], object]:
            return lambda: self(inputs)

    def metric(outputs: Any, target: object) -> float:
        return float(outputs["tags"].shape[1] * bool(outputs["tags"].any()))

    steps: list[tuple[int, int]] = []

    class Listener(Silent):
        def step(self, done: int, total: int, doing: str = "") -> None:
            steps.append((done, total))

    chosen = samples.selection[:3]
    found = replace(comparison, metric=metric).scores(Zero(), chosen, Listener()).accuracy
    lengths = [sample.inputs["tokens"].shape[1] for sample in chosen]
    assert (found.metric_pytorch, found.metric_int8) == (pytest.approx(sum(lengths) / 3), 0)
    assert steps == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(("score", "least", "judged"), [(0.5, 0, True), (0.5, 1, False), (-2.0, 0, False)])
def test_a_share_is_judged_by_default_where_samples_suffice(
    captured: Captured,
    runner: Runner,
    samples: SampleSplit,
    monkeypatch: pytest.MonkeyPatch,
    score: float,
    least: int,
    judged: bool,
) -> None:
    def metric(outputs: object, target: object) -> float:
        return score

    monkeypatch.setattr(comparison_module, "DECIDING_SAMPLES", len(samples.evaluation) + least)
    default = Comparison.of(captured, samples, metric, Budget.read(None))
    assert default.scores(runner, samples.selection, Silent()).judges_metric is judged
    assert not Comparison.of(captured, samples, metric, Budget.read({"r2": 0.9})).judges_metric
    assert not Comparison.of(captured, samples, None, Budget.read(None)).judges_metric


def test_all_three_race_on_the_same_threads(
    comparison: Comparison, runner: Runner, samples: SampleSplit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ROUNDS", 6)
    found = comparison.race(runner, samples.selection[:3])
    assert found.latencies.keys() == {PYTORCH, FLOAT, INT8}
    assert (found.conditions.threads, found.conditions.samples) == (THREADS, 3)


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
