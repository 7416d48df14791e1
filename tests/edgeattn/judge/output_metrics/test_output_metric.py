from __future__ import annotations

import pytest

from edgeattn.judge.budget import Budget
from edgeattn.judge.output_metrics import METRICS, check_count, output_metrics_of
from edgeattn.judge.output_metrics.output_metric import output_of
from edgeattn.results.limits import LIMITS
from edgeattn_runtime.errors import BudgetError
from edgeattn_runtime.graph import Graph, Tensor

TAGS = Tensor("tags", "float32", ("batch", "sequence", 4))
POOLED = Tensor("pooled", "float32", ("batch", 32))
EMBEDDING = Tensor("out.embedding", "float32", ("batch", 32))
IDS = Tensor("ids", "int64", ("batch", 5))
HIDDEN = Tensor("hidden", "float32", ("batch", "sequence", "width"))


def graph(*outputs: Tensor) -> Graph:
    return Graph((), outputs)


def test_every_metric_has_its_limit() -> None:
    assert METRICS.keys() <= LIMITS.keys()
    assert all(LIMITS[name].on_accuracy for name in METRICS)


def test_the_only_one_that_can_be_it_is_it() -> None:
    assert output_of(graph(TAGS, IDS, HIDDEN), "top1", "logits") == TAGS
    assert output_of(graph(TAGS, POOLED, IDS), "rank", "embedding") == POOLED


def test_of_several_it_is_the_one_that_bears_the_name() -> None:
    assert output_of(graph(POOLED, EMBEDDING), "rank", "embedding") == EMBEDDING
    with pytest.raises(BudgetError, match=r"budget top1: .*pooled, out\.embedding"):
        output_of(graph(POOLED, EMBEDDING), "top1", "logits")


@pytest.mark.parametrize("heads", [(), (4,)])
def test_a_map_has_its_positions_twice(heads: tuple[int, ...]) -> None:
    weights = Tensor("weights", "float32", ("batch", *heads, "sequence", "sequence"))
    assert output_of(graph(TAGS, HIDDEN, weights), "attention_distance", "attention") == weights
    with pytest.raises(BudgetError, match="positions, positions"):
        output_of(graph(TAGS, HIDDEN), "attention_distance", "attention")


def test_where_none_can_be_it_that_is_told() -> None:
    named = r"budget rank: tags: float32\[batch, sequence, 4\]"
    with pytest.raises(BudgetError, match=named):
        output_of(graph(TAGS), "rank", "embedding")


def test_a_budget_names_what_is_asked() -> None:
    budget = Budget.read({"top1": 0.9, "size_mb": 1, "kl": 0.1})
    assert [(metric.name, tensor) for metric, tensor in output_metrics_of(budget.limits, graph(TAGS))] == [
        ("top1", TAGS),
        ("kl", TAGS),
    ]


def test_neighbors_among_too_few_samples_are_refused_with_how_many_are_needed() -> None:
    embedding = Graph((), (Tensor("embedding", "float32", ("batch", 4)),))
    with pytest.raises(BudgetError, match=r"recall_at_10: 8 .* 100 .* 200 "):
        check_count(output_metrics_of(["recall_at_10"], embedding), 8)
