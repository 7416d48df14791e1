from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgeattn.judge.budget import Budget
from edgeattn.judge.comparison import Comparison
from edgeattn.judge.metric_check import check_metric
from edgeattn.judge.output_metrics import asked_of
from edgeattn.judge.padding import Padded
from edgeattn.progress import Silent
from edgeattn_export.capture.reference import Reference
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.errors import BudgetError, ModelError
from edgeattn_runtime.graph import Graph, Tensor

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


def tried(metric: Callable[..., float] | None, limit: float | None) -> int:
    """Check a metric against a limit, and return how often the original answered."""
    module = Counting()
    limits = {"cosine": 0.9} if limit is None else {"metric_drop": limit}
    captured: Any = SimpleNamespace(reference=Reference(module), passed={})
    comparison = Comparison(captured, Padded(Graph((), ()), None), metric, Silent())
    check_metric(comparison, EVALUATION, Budget.read(limits, has_metric=True))
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


def test_where_there_is_no_metric_nothing_is_asked() -> None:
    assert tried(None, None) == 0


def test_neighbours_among_too_few_samples_are_refused_with_how_many_are_needed() -> None:
    graph = Graph((), (Tensor("embedding", "float32", ("batch", 4)),))
    budget = Budget.read({"recall_at_10": 0.9})
    captured: Any = SimpleNamespace(reference=None)
    comparison = Comparison(captured, Padded(graph, None), None, Silent(), asked_of(budget, graph))
    with pytest.raises(BudgetError, match=r"recall_at_10: 8 .* 100 .* 200 "):
        check_metric(comparison, EVALUATION, budget)
