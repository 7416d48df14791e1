"""How near answers are to the original: sample by sample, and what all come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import r2_score

from edgeattn.judge import comparison as comparison_module
from edgeattn.judge.budget import Budget
from edgeattn.judge.comparison import THREADS, Comparison, torch_threads
from edgeattn.judge.measures import Scores
from edgeattn.judge.output_metrics import OutputMetrics, default_metrics, output_metrics_of
from edgeattn.judge.padding import Padded
from edgeattn.measure import race as module
from edgeattn.progress import Silent
from edgeattn.results.accuracy import Accuracy
from edgeattn.results.latency import FLOAT, INT8, PYTORCH
from edgeattn_export.capture import Captured
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Sample, Samples, SampleSplit
from edgeattn_export.graph.spread import Spread, spreads_of
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.bundle.rows import Padding
from edgeattn_runtime.errors import CaptureError, ModelError
from edgeattn_runtime.graph import Graph, Tensor


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


EXACT = 1e-12
Arrays = Mapping[str, NDArray[Any]]
X = Tensor("x", "float32", ("batch", 2))
GRAPH = Graph((X,), (Tensor("a", "float32", ("batch", 2)), Tensor("b", "float32", ("batch", 1))))
UNPADDED = Padded(GRAPH, None)
UNREAD: Any = None
SAMPLES = Samples(
    tuple(
        Sample({"x": np.array([row], "float32")}, target, number=number)
        for row, target, number in (((3, 4), 1, 1), ((1, 0), 0, 3))
    )
)


class Answering:
    """Answers with what a function makes of x."""

    def __init__(self, answer: Callable[[NDArray[Any]], Arrays]) -> None:
        self._answer = answer

    def __call__(self, inputs: Arrays) -> Arrays:
        return self._answer(inputs["x"])

    def bind(self, inputs: Arrays) -> Callable[[], object]:
        return lambda: self(inputs)


def outputs(x: NDArray[Any], b: float = 0.0) -> Arrays:
    return {"a": x, "b": np.full((1, 1), b, "float32")}


def runners(
    int8: Callable[[NDArray[Any]], Arrays], float_: Callable[[NDArray[Any]], Arrays] = outputs
) -> dict[str, Answering]:
    return {PYTORCH: Answering(outputs), FLOAT: Answering(float_), INT8: Answering(int8)}


def spreads(padded: Padded, answers: Iterable[Arrays]) -> dict[str, Spread]:
    tensors = padded.graph.outputs
    return spreads_of([replace(each, dims=padded.counted_dims(each)) for each in tensors], answers)


UNITS = spreads(UNPADDED, [outputs(sample.inputs["x"]) for sample in SAMPLES])


def scored(
    sides: Mapping[str, Answering],
    samples: Iterable[Sample],
    padded: Padded,
    units: Mapping[str, Spread],
    metrics: OutputMetrics = (),
) -> Scores:
    comparison = Comparison(UNREAD, padded, None, units, metrics)
    return comparison.merged(comparison.each(sides, samples))


def compared(sides: Mapping[str, Answering]) -> Accuracy:
    return scored(sides, SAMPLES, UNPADDED, UNITS).accuracy


def test_r2_is_that_of_scikit_learn_and_the_worst_channel_has_its_place() -> None:
    found = compared(runners(lambda x: outputs(x + np.float32([0.1, 1.0]))))
    expected, actual = np.array([[3, 4], [1, 0]]), np.array([[3.1, 5], [1.1, 1]])
    of_a, of_b = found.outputs
    assert of_a.r2 == pytest.approx(r2_score(expected, actual), abs=1e-6)
    assert (of_a.worst_channel, of_a.r2_channel_min) == ("a[1]", pytest.approx(1 - 1 / 4))
    assert (of_b.r2, of_b.r2_float, of_b.worst_channel) == (1, 1, "b")
    assert found.worst_output is of_a
    assert found.worst_channel is of_a


@pytest.mark.parametrize("wrong", [lambda x: 2 * x, lambda x: x * 0 + 3, lambda x: x[:, ::-1]])
def test_a_wrong_answer_explains_nothing(wrong: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
    assert compared(runners(lambda x: outputs(wrong(x)))).worst_output.r2 < 0.5


@pytest.mark.parametrize(
    ("int8", "float_", "cosines", "max_abs"),
    [
        (outputs, outputs, (1, 1, 1), 0),
        (lambda x: outputs(x, b=np.hypot(*x[0])), outputs, (0.5**0.5, 0.5**0.5, 1), 5),  # over all outputs
        (lambda x: outputs(-x if x[0, 1] else x), outputs, (0, -1, 1), 8),
        (outputs, lambda x: outputs(-x), (1, 1, -1), 0),
        (lambda x: outputs(x, b=np.inf), outputs, (0, 0, 1), 0),  # which fails no report
    ],
    ids=["equal", "another output", "one sample", "float", "infinite"],
)
def test_cosines_are_of_all_outputs_and_samples(
    int8: Callable[[NDArray[Any]], Arrays],
    float_: Callable[[NDArray[Any]], Arrays],
    cosines: tuple[float, ...],
    max_abs: float,
) -> None:
    found = compared(runners(int8, float_))
    assert (found.cosine_mean, found.cosine_min, found.cosine_float_min) == pytest.approx(cosines, abs=1e-7)
    assert (found.max_abs, found.metric_pytorch, found.metric_int8) == (pytest.approx(max_abs), None, None)


def test_a_nan_of_the_original_alone_is_told() -> None:
    sides = runners(outputs) | {PYTORCH: Answering(lambda x: outputs(x, b=np.nan if x[0, 1] == 0 else 0.0))}
    with pytest.raises(ModelError, match=r"sample 3: .* NaN "):
        compared(sides)


def test_a_nan_that_all_have_is_left_out() -> None:
    sides = dict.fromkeys((PYTORCH, FLOAT, INT8), Answering(lambda x: outputs(x, b=np.nan)))
    found = compared(sides)
    assert found.cosine_min == pytest.approx(1, abs=EXACT)


@pytest.mark.parametrize("longer", [FLOAT, INT8])
def test_an_output_of_other_dims_is_told(longer: str) -> None:
    sides = runners(outputs) | {longer: Answering(lambda x: outputs(np.concatenate([x, x])))}
    with pytest.raises(CaptureError, match=rf"sample 1: .*{longer}.* 'a' .*\(2, 2\)"):
        compared(sides)


MASKED = Graph(
    (Tensor("x", "float32", ("batch", "length")), Tensor("keep", "int64", ("batch", "length"))),
    (Tensor("a", "float32", ("batch", "length")),),
)


def test_what_is_padded_is_not_compared() -> None:
    x, keep = np.array([[3, 4, 5]], "float32"), np.array([[1, 1, 0]])
    samples = Samples((Sample({"x": x, "keep": keep}),))
    sides = {
        name: Answering(lambda x, last=last: {"a": np.concatenate([x[:, :2], [[last]]], axis=1)})
        for name, last in ((PYTORCH, np.nan), (FLOAT, 5), (INT8, -5))
    }
    padded = Padded(MASKED, Padding("keep", 0))
    units = spreads(padded, [{"a": x[0, :2]}])
    found = scored(sides, samples, padded, units).accuracy
    assert (found.cosine_min, found.max_abs) == (pytest.approx(1, abs=EXACT), 0)
    assert found.worst_output.r2 == 1


LOGITS = Graph(
    (Tensor("x", "float32", ("batch", "length")), Tensor("keep", "int64", ("batch", "length"))),
    (Tensor("logits", "float32", ("batch", "length", 2)),),
)


def test_what_a_budget_asks_of_one_output_is_kept_of_every_sample_without_padding() -> None:
    x, keep, target = np.array([[3, 4, 5]], "float32"), np.array([[1, 1, 0]]), np.array([[0, 1, 9]])
    samples = Samples((Sample({"x": x, "keep": keep}, target), Sample({"x": x, "keep": keep}, target)))
    before, after = np.array([[[1.0, 0], [0, 1], [1, 0]]]), np.array([[[1.0, 0], [1, 0], [0, 1]]])
    sides = {
        name: Answering(lambda _, answer=answer: {"logits": answer})
        for name, answer in ((PYTORCH, before), (FLOAT, before), (INT8, after))
    }
    padded = Padded(LOGITS, Padding("keep", 0))
    output_metrics = output_metrics_of(["top1", "kl"], LOGITS)
    units = spreads(padded, [{"logits": before[:, :2]}])
    found = scored(sides, samples, padded, units, output_metrics).output_metrics
    assert found["top1"].scores == [0.5, 0.5]
    assert found["top1"].unseen == 0.5
    assert found["kl"].scores == pytest.approx([0.2311] * 2, abs=1e-4)
    undefined = sides | {PYTORCH: Answering(lambda _: {"logits": np.full((1, 3, 2), np.nan)})}
    with pytest.raises(ModelError, match=r"sample 0: .* NaN"):
        scored(undefined, samples, padded, units, output_metrics)


def test_probabilities_are_judged_as_their_logits_are() -> None:
    graph = Graph((Tensor("x", "float32", ("batch", 3)),), (Tensor("y", "float32", ("batch", 3)),))
    padded = Padded(graph, None)
    before, after = np.array([[0.7, 0.2, 0.1]]), np.array([[0.3, 0.7, 0.0]])
    sides = {
        name: Answering(lambda _, answer=answer: {"y": answer})
        for name, answer in ((PYTORCH, before), (FLOAT, before), (INT8, after))
    }
    units = spreads(padded, [{"y": before}, {"y": after}])
    metrics = default_metrics({"y": units["y"].kind}, graph, 100)
    found = scored(sides, [Sample({"x": np.zeros((1, 3))})], padded, units, metrics).output_metrics
    assert found["top1"].scores == [0.0]
    expected = 0.7 * np.log(0.7 / 0.3) + 0.2 * np.log(0.2 / 0.7) + 0.1 * (np.log(0.1) + 100)
    assert found["kl"].scores == [pytest.approx(expected)]
