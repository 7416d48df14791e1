"""Metrics of one output: which output that is, what is kept of a sample, and what that comes to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch

from edgeattn.judge.budget import Budget
from edgeattn.judge.output_metrics import METRICS, check_count, output_metrics_of
from edgeattn.judge.output_metrics.attention import ATTENTION_DISTANCE, total_variation
from edgeattn.judge.output_metrics.embeddings import RANK, RECALL_AT_10
from edgeattn.judge.output_metrics.generation import TOKEN_AGREEMENT
from edgeattn.judge.output_metrics.logits import KL, PERPLEXITY_RATIO, TOP1, TOPK, log_odds
from edgeattn.judge.output_metrics.output_metric import OutputAnswers, output_of
from edgeattn.results.limits import LIMITS
from edgeattn_export.graph.samples import Sample
from edgeattn_runtime.errors import BudgetError, ModelError
from edgeattn_runtime.graph import Graph, Tensor


@pytest.fixture
def answered() -> Callable[..., OutputAnswers]:
    """A function that makes one sample's answer (batch, positions, D), without padding."""

    def make(expected: Any, actual: Any, target: object = None, **more: Any) -> OutputAnswers:
        expected, actual = (np.asarray(each, np.float64) for each in (expected, actual))
        positions = expected.shape[:-1]
        given = {
            "sample": Sample({"tokens": np.zeros(positions, np.int64)}, target, number=7),
            "tensor": Tensor("logits", "float32", ("batch", "sequence", expected.shape[-1])),
            "expected": expected.reshape(-1, expected.shape[-1]),
            "actual": actual.reshape(-1, actual.shape[-1]),
            "positions": positions,
            "counted": lambda array: array.ravel(),
            "original": None,
            "int8": None,
        }
        return OutputAnswers(**{**given, **more})

    return make


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


@pytest.mark.parametrize(
    ("expected", "actual", "distance"),
    [
        ([0.2, 0.3, 0.5], [0.2, 0.3, 0.5], 0),
        ([1, 0, 0], [0, 0, 1], 1),
        ([0.5, 0.5, 0], [0.5, 0.25, 0.25], 0.25),
        ([1], [1], 0),  # one token
        ([0, 0], [0, 0], 0),  # a query that sees nothing
        ([np.nan, np.nan], [0, 0], np.nan),
    ],
)
def test_the_share_that_goes_elsewhere(expected: list[float], actual: list[float], distance: float) -> None:
    found = total_variation(np.array([[expected]]), np.array([[actual]]))
    np.testing.assert_allclose(found, [[distance]])


def test_a_sample_counts_by_the_mean_of_its_rows(answered: Callable[..., OutputAnswers]) -> None:
    expected, actual = [[[1.0, 0.0], [0.5, 0.5]]], [[[0.0, 1.0], [0.5, 0.5]]]
    assert ATTENTION_DISTANCE.keep(answered(expected, actual)) == 0.5
    assert ATTENTION_DISTANCE.mean([0.5, 0.25]).value == 0.375


Make = Callable[..., OutputAnswers]
POINTS = np.random.default_rng(0).normal(size=(300, 16))  # more than a block of queries


def kept(metric: object, points: np.ndarray, answered: Make) -> list[object]:
    """Keep each of many samples of one row."""
    pairs = zip(POINTS, points, strict=True)
    return [metric.keep(answered(a[None], b[None])) for a, b in pairs]  # type: ignore[attr-defined]


@pytest.mark.parametrize("metric", [RECALL_AT_10, RANK], ids=lambda metric: metric.name)
def test_lengths_do_not_count_and_rows_of_a_batch_do(metric: object, answered: Make) -> None:
    longer = POINTS * np.arange(1, 301)[:, None]
    alone = metric.mean(kept(metric, longer, answered))  # type: ignore[attr-defined]
    assert alone.value == pytest.approx(1)
    together = metric.mean([metric.keep(answered(POINTS, longer))])  # type: ignore[attr-defined]
    assert together.scores == alone.scores


def test_other_points_have_other_neighbors(answered: Make) -> None:
    shuffled = RECALL_AT_10.mean(kept(RECALL_AT_10, POINTS[::-1].copy(), answered))
    assert shuffled.value == pytest.approx(10 / 299, abs=0.02)
    assert RANK.mean(kept(RANK, POINTS[::-1].copy(), answered)).value == pytest.approx(0, abs=0.05)


def test_a_little_noise_costs_a_little(answered: Make) -> None:
    noisy = POINTS + np.random.default_rng(1).normal(scale=0.05, size=POINTS.shape)
    recall = RECALL_AT_10.mean(kept(RECALL_AT_10, noisy, answered))
    assert 0.7 < recall.value < 0.99
    assert 0.99 < RANK.mean(kept(RANK, noisy, answered)).value < 1


def test_recall_counts_what_both_find(answered: Make) -> None:
    angles = np.linspace(0, 1, 120)
    line = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # the nearest are those beside
    moved = line.copy()
    moved[[0, 60]] = moved[[60, 0]]
    recall = RECALL_AT_10.mean([RECALL_AT_10.keep(answered(line, moved))])
    nearest = [np.argsort(-(each @ each.T), axis=1)[:, 1:11] for each in (line, moved)]
    shared = [np.intersect1d(a, b).size for a, b in zip(*nearest, strict=True)]
    assert (shared[0], shared[30], shared[60]) == (0, 10, 0)
    assert recall.value == pytest.approx(np.mean(shared) / 10)
    assert recall.scores[0] < 0.0 < recall.scores[30]  # it is no neighbor of those that look for it


@pytest.mark.parametrize("metric", [RECALL_AT_10, RANK], ids=lambda metric: metric.name)
def test_scores_vary_as_much_as_their_mean_says_though_samples_are_neighbors(
    metric: object, answered: Make
) -> None:
    rng = np.random.default_rng(0)
    values, errors = [], []
    for _ in range(80):
        points = rng.normal(size=(100, 24))
        noise = 0.05 * np.exp(rng.normal(scale=1.2, size=(100, 1)))  # some samples are moved far
        mean = metric.mean([metric.keep(answered(points, points + noise * rng.normal(size=points.shape)))])  # type: ignore[attr-defined]
        values.append(mean.value)
        errors.append(np.std(mean.scores) / 10)
    assert np.std(values) / np.mean(errors) < 1.25  # 1.5 and 2.2 by own scores alone


def test_no_answer_finds_nothing_and_crashes_nothing(answered: Make) -> None:
    nothing = RECALL_AT_10.mean([RECALL_AT_10.keep(answered(POINTS, np.full_like(POINTS, np.nan)))])
    assert nothing.value < 0.2


VOCABULARY = 10


class Counting:
    """Continues each token by the next number, but is stuck from a number on."""

    def __init__(self, stuck: int = VOCABULARY) -> None:
        self.stuck = stuck

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        following = np.minimum(inputs["tokens"] + 1, self.stuck) % VOCABULARY
        return {"logits": np.eye(VOCABULARY)[following]}


def sample(answered: Make, int8: Counting, **inputs: Any) -> OutputAnswers:
    tokens = np.array([[0, 1, 2, 3, 4, 5, 6, 7]])
    logits = Counting()({"tokens": tokens})["logits"]
    made = answered(logits, logits, original=Counting(), int8=int8)
    made.sample.inputs.update({"tokens": tokens, **inputs})
    return made


def test_who_continues_alike_agrees(answered: Make) -> None:
    assert TOKEN_AGREEMENT.keep(sample(answered, Counting())) == (1.0, 4)  # half of the sample is the prompt


def test_nothing_counts_behind_the_first_token_that_differs(answered: Make) -> None:
    assert TOKEN_AGREEMENT.keep(sample(answered, Counting(stuck=5))) == (0.5, 4)
    assert TOKEN_AGREEMENT.keep(sample(answered, Counting(stuck=0))) == (0.0, 4)


def test_an_input_beside_the_tokens_with_their_positions_is_refused(answered: Make) -> None:
    with pytest.raises(BudgetError, match="token_agreement: 2 "):
        TOKEN_AGREEMENT.keep(sample(answered, Counting(), mask=np.ones((1, 8), np.int64)))


ONE_OF_TWO = ([[[1.0, 0.0], [0.0, 1.0]]], [[[2.0, 0.0], [0.5, 0.0]]])  # of two positions one is chosen alike


def test_top1_is_the_share_of_positions_that_choose_alike(answered: Make) -> None:
    assert TOP1.keep(answered(*ONE_OF_TWO)) == (0.5, 2)


def test_topk_leaves_one_class_out_at_least(answered: Make) -> None:
    expected, found = [[[3.0, 2.0, 1.0, 0.0]]], [[[3.0, 2.0, 0.0, 1.0]]]
    assert TOPK.keep(answered(expected, found)) == (pytest.approx(2 / 3), 3)
    many = np.arange(20.0)[None, None]
    assert TOPK.keep(answered(many, -many)) == (0.0, 5)


def test_kl_is_that_of_the_odds(answered: Make) -> None:
    p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    found = KL.keep(answered(np.log(p)[None, None] + 3, np.log(q)[None, None]))
    assert found == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3))
    assert KL.keep(answered(np.log(p)[None, None], np.log(p)[None, None] - 5)) == pytest.approx(0)


def test_what_int8_rules_out_or_does_not_know_is_a_finite_loss(answered: Make) -> None:
    odds = log_odds(np.array([[0.0, -np.inf], [np.nan, 0.0]]))
    assert np.isfinite(odds).all()
    assert odds[0, 1] == odds[1, 0] == -100
    assert KL.keep(answered([[[0.0, -np.inf]]], [[[0.0, -np.inf]]])) == 0


def test_of_one_choice_a_sample_an_unseen_input_may_be_wrong(answered: Make) -> None:
    mean = TOP1.mean([(1.0, 1)] * 300)
    assert (mean.value, mean.unseen) == (1.0, 0.0)
    assert mean.decide(lambda share: share >= 0.99).ok
    assert not TOP1.mean([(1.0, 1)] * 297).decide(lambda share: share >= 0.99).decided


def test_of_many_choices_an_unseen_input_has_one_wrong_at_least(answered: Make) -> None:
    assert TOP1.mean([(1.0, 50), (1.0, 20)]).unseen == pytest.approx(0.95)
    assert TOP1.mean([(1.0, 50), (0.8, 20)]).unseen == pytest.approx(0.6)
    assert TOP1.mean([(1.0, 2), (0.0, 2)]).unseen == 0.0


BEFORE = np.log([[[0.5, 0.5], [0.8, 0.2]]])
AFTER = np.log([[[0.25, 0.75], [0.8, 0.2]]])


@pytest.mark.parametrize("target", [np.array([[0, 1]]), torch.tensor([[0, 1]])], ids=["numpy", "torch"])
def test_it_is_the_perplexity_over_the_originals(answered: Make, target: object) -> None:
    loss = PERPLEXITY_RATIO.keep(answered(BEFORE, AFTER, target))
    assert loss == pytest.approx(np.log(2) / 2)
    assert PERPLEXITY_RATIO.mean([loss] * 30).value == pytest.approx(np.sqrt(2))


def test_targets_below_zero_do_not_count(answered: Make) -> None:
    assert PERPLEXITY_RATIO.keep(answered(BEFORE, AFTER, np.array([[-100, 1]]))) == pytest.approx(0)


@pytest.mark.parametrize(
    ("target", "named"),
    [
        (None, "no target"),
        (np.array([0, 1]), r"int64 \(2,\)"),
        (np.array([[0, 2]]), r"int64 \(1, 2\)"),
        (np.array([[0.0, 1.0]]), "float64"),
        (np.array([[-1, -1]]), "no target"),
    ],
    ids=["none", "dims", "classes", "dtype", "all padding"],
)
def test_targets_that_are_none_are_told_with_their_sample(answered: Make, target: object, named: str) -> None:
    with pytest.raises(ModelError, match=rf"^sample 7: perplexity_ratio: .*{named}"):
        PERPLEXITY_RATIO.keep(answered(BEFORE, AFTER, target))
