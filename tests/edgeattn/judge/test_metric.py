from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeattn.judge.metric import MetricOfArrays, check_metric
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.errors import BudgetError, ModelError

INPUTS = {"x": np.ones((1, 2), "float32")}
ANSWER = np.array([[5.0, 7.0]], "float32")


class Answering(nn.Module):
    def __init__(self, answer: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, x: Tensor) -> object:
        return self.answer(x)


def captured(answer: Callable[[Tensor], object], passed: Mapping[str, str] = MappingProxyType({})) -> Any:
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
    answer: Callable[[Tensor], object], names: list[str], metric: Callable[..., float]
) -> None:
    on_arrays = MetricOfArrays(metric, captured(answer), INPUTS)
    assert on_arrays(dict.fromkeys(names, ANSWER), sample()) == 7.0


def test_what_comes_back_unchanged_is_the_samples_own() -> None:
    answering = captured(lambda x: {"x": x, "y": [x + 1, None]}, {"x": "x"})
    on_arrays = MetricOfArrays(lambda out, target: out["x"].sum() + out["y"][0].sum(), answering, INPUTS)
    assert on_arrays({"y.0": ANSWER}, sample()) == 14.0
    assert on_arrays({"y.0": ANSWER}, sample(x=5)) == 22.0


def test_a_transformers_output_keeps_its_attributes() -> None:
    from transformers.modeling_outputs import BaseModelOutput

    answering = captured(lambda x: BaseModelOutput(last_hidden_state=x))
    on_arrays = MetricOfArrays(lambda out, target: out.last_hidden_state.max(), answering, INPUTS)
    assert on_arrays({"last_hidden_state": ANSWER}, sample()) == 7.0


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
