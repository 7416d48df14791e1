"""A user's metric, and an original whose metric says nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgeattn.judge.constant_answer import metric_notes
from edgeattn.judge.metric import MetricOfArrays, check_metric
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.spread import spreads_of
from edgeattn_runtime.errors import BudgetError, ModelError
from edgeattn_runtime.graph import Graph, Tensor

INPUTS = {"x": np.ones((1, 2), "float32")}
ANSWER = np.array([[5.0, 7.0]], "float32")


class Answering(nn.Module):
    def __init__(self, answer: Callable[[torch.Tensor], object]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, x: torch.Tensor) -> object:
        return self.answer(x)


def captured(
    answer: Callable[[torch.Tensor], object], passed: Mapping[str, str] = MappingProxyType({})
) -> Any:
    """Return what a metric reads of a captured module."""
    return SimpleNamespace(reference=Reference(Answering(answer)), passed=passed)


def sample(target: object = None, x: float = 1) -> Sample:
    return Sample({"x": np.full((1, 2), x, "float32")}, target, number=7)


@pytest.mark.parametrize(
    ("answer", "names", "metric"),
    [
        (lambda x: x, ["output"], lambda outputs, target: outputs.max()),
        (lambda x: (x, x), ["output_0", "output_1"], lambda outputs, target: outputs[1].max()),
        (lambda x: {"logits": x}, ["logits"], lambda outputs, target: outputs["logits"].max()),
    ],
)
def test_outputs_come_as_the_module_gives_them(
    answer: Callable[[torch.Tensor], object], names: list[str], metric: Callable[..., float]
) -> None:
    on_arrays = MetricOfArrays(metric, captured(answer), INPUTS)
    assert on_arrays(dict.fromkeys(names, ANSWER), sample()) == 7.0


def test_what_comes_back_unchanged_is_the_samples_own() -> None:
    answering = captured(lambda x: {"x": x, "y": [x + 1, None]}, {"x": "x"})
    on_arrays = MetricOfArrays(lambda out, target: out["x"].sum() + out["y"][0].sum(), answering, INPUTS)
    assert on_arrays({"y.0": ANSWER}, sample()) == 14.0
    assert on_arrays({"y.0": ANSWER}, sample(x=5)) == 22.0


def test_the_target_goes_to_the_metric() -> None:
    on_arrays = MetricOfArrays(lambda out, target: float(target), captured(lambda x: x), INPUTS)
    assert on_arrays({"output": ANSWER}, sample(torch.tensor(3))) == 3.0


@pytest.mark.parametrize(
    ("metric", "named"),
    [
        (
            lambda out, target: out.nothing,
            r"^sample 7: metric\(outputs, target\) .*test_metric\.py, line \d+: AttributeError: .* targets",
        ),
        (lambda out, target: "high", "ValueError"),
        (lambda out, target: float("nan"), " nan"),
    ],
)
def test_a_metric_that_fails_is_told_in_a_line(metric: Callable[..., float], named: str) -> None:
    on_arrays = MetricOfArrays(metric, captured(lambda x: x), INPUTS)
    with pytest.raises(ModelError, match=named):
        on_arrays({"output": ANSWER}, sample())


def test_targets_that_are_there_are_not_blamed() -> None:
    on_arrays = MetricOfArrays(lambda out, target: target["foo"], captured(lambda x: x), INPUTS)
    with pytest.raises(ModelError, match=r"line \d+: KeyError: 'foo'$"):
        on_arrays({"output": ANSWER}, sample({}))


EVALUATION = Samples(tuple(Sample({"input": np.full((1, 2), i, np.float32)}, i % 2) for i in range(8)))


class Counting(nn.Module):
    """Answers with more than its input, and counts how often."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - the input's name
        self.calls += 1
        return input + 1


def right(_: object, target: object) -> float:
    return float(target == 1)


def graded(_: object, target: object) -> float:
    return 0.25 * float(target == 1)


def tried(metric: Callable[..., float], limit: float | None) -> int:
    """Check a metric against a limit, and return how often the original answered."""
    module = Counting()
    limits = {"cosine": 0.9} if limit is None else {"metric_drop": limit}
    original: Any = SimpleNamespace(reference=Reference(module), passed={})
    check_metric(metric, original, EVALUATION, limits)
    return module.calls


@pytest.mark.parametrize(("limit", "needed"), [(0.124, 23), (0.01, 299), (0.0007, 4279)])
def test_a_drop_that_the_samples_cannot_show_is_refused_with_how_many_are_needed(
    limit: float, needed: int
) -> None:
    named = rf"metric_drop: {limit:g} .* 8 .* {needed} .* {2 * needed} "
    with pytest.raises(BudgetError, match=named):
        tried(right, limit)


@pytest.mark.parametrize("limit", [None, 0.0, 0.125, 0.5])
def test_a_drop_that_they_can_show_and_none_at_all_may_be_asked(limit: float | None) -> None:
    tried(right, limit)


def test_a_metric_with_grades_needs_no_more_samples_nor_calls() -> None:
    assert tried(graded, 0.01) <= 4


def test_a_metric_that_fails_is_told_before_all_else() -> None:
    with pytest.raises(ModelError, match=" nan"):
        tried(lambda *_: float("nan"), None)


EIGHT = Samples(tuple(Sample({"x": np.eye(2, dtype="float32")[[i % 2]]}, i % 2, number=i) for i in range(8)))
GRAPH = Graph((Tensor("x", "float32", ("batch", 2)),), (Tensor("output", "float32", ("batch", 2)),))


class Same(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def chooses_right(outputs: torch.Tensor, target: object) -> float:
    return float(outputs.argmax().item() == target)


def notes(
    original: list[float], metric: Any = chooses_right, dims: tuple[int | str, ...] = ("batch", 2)
) -> tuple[str, ...]:
    spreads = spreads_of(GRAPH.outputs, [{"output": each.inputs["x"]} for each in EIGHT])
    graph = Graph(GRAPH.inputs, (Tensor("output", "float32", dims),))
    captured = SimpleNamespace(
        graph=graph, axes=Axes({"x": ("batch", 2)}), reference=Reference(Same()), passed={}
    )
    comparison: Any = SimpleNamespace(captured=captured, metric=metric, spreads=spreads)
    return metric_notes(comparison, EIGHT, original)


def test_an_original_that_is_no_better_than_its_mean_is_named() -> None:
    (line,) = notes([0.0] * 8)
    assert line.startswith("The original's own metric, 0.0000, is no better than a constant answer's, 0.5")
    assert len(notes([0.0, 1.0] * 4)) == 1
    assert notes([1.0] * 8) == ()


@pytest.mark.parametrize("case", ["no metric", "a metric that refuses", "an unknown size"])
def test_where_a_constant_answer_cannot_be_had_nothing_is_said(case: str) -> None:
    def refuses(*_: object) -> float:
        raise ValueError

    assert notes([]) == ()
    if case == "no metric":
        assert notes([0.0] * 8, None) == ()
    elif case == "a metric that refuses":
        assert notes([0.0] * 8, refuses) == ()
    else:
        assert notes([0.0] * 8, chooses_right, ("boxes", 2)) == ()
