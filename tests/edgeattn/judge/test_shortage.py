"""What samples give away before anything is measured: limits that they are too few for, and themselves."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn.judge.budget import Budget
from edgeattn.judge.figures import Mean
from edgeattn.judge.output_metrics import default_metrics, output_metrics_of
from edgeattn.judge.sample_warnings import sample_warnings
from edgeattn.judge.shortage import answer_shortages, count_shortages, mean_words, share_words, worst_words
from edgeattn_export.graph.output_kinds import OutputKind
from edgeattn_export.graph.samples import Sample, Samples, SampleSplit
from edgeattn_runtime.graph import Graph, Tensor


def test_a_share_says_what_its_samples_can_show_and_how_many_would_do() -> None:
    assert share_words("top1", 0.99, 50, 1) == (
        "top1=0.99: your 50 evaluation samples can show at most 0.9418; 299 would do; yield 598."
    )
    assert share_words("top1", 0.99, 299, 1) == ""
    assert share_words("top1", 0.99, 298, 1)
    assert "no number of samples does" in share_words("top1", 1.0, 50, 1)


@pytest.mark.parametrize("decisions", [1, 7, 40])
def test_what_can_be_shown_is_what_a_verdict_finds_of_perfect_answers(decisions: int) -> None:
    perfect = Mean([1.0] * 50, 1 - 1 / decisions, at_least=True).decide(lambda value: value >= 0)
    assert perfect.bound is not None
    assert share_words("top1", perfect.bound + 0.001, 50, decisions)
    assert not share_words("top1", perfect.bound - 0.001, 50, decisions)


def test_a_worst_case_and_means_have_counts_of_their_own() -> None:
    assert worst_words("cosine_min", 0.9, 59) == mean_words({"r2": 0.98}, 20) == mean_words({}, 3) == ""
    assert worst_words("max_abs", 0.1, 50) == (
        "max_abs=0.1: your 50 evaluation samples can show it for 94.1 % of inputs, and 95 % are asked; 59 "
        "would do; yield 118."
    )
    assert mean_words({"r2": 0.98, "kl": 0.05}, 8) == (
        "r2=0.98, kl=0.05: your 8 evaluation samples decide no mean; 20 would do; yield 40."
    )


def lines(
    bounds: dict[str, float] | None, count: int, positions: int, metric: object = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is said before the model is exported, and after."""
    graph = Graph((), (Tensor("logits", "float32", ("batch", "sequence", 10)),))
    budget = Budget.read(bounds)
    metrics = output_metrics_of(budget.limits, graph)
    if not budget.is_explicit_on_accuracy:
        metrics = default_metrics({"logits": OutputKind("logits", "its name")}, graph, count)
    answer = {"logits": np.zeros((1, positions, 10))}
    comparison: Any = SimpleNamespace(
        captured=SimpleNamespace(reference=lambda _: answer),
        output_metrics=metrics,
        metric=metric,
        judges_metric=False,
    )
    every = Samples(tuple(Sample({"x": np.zeros(1)}, number=i) for i in range(count)))
    return count_shortages(budget, count), answer_shortages(comparison, budget, every)


@pytest.mark.parametrize(
    ("name", "positions", "after"),
    [
        ("top1", 1, []),
        ("top1", 10, ["top1=0.99: your samples hold 10 decisions each and more, which is enough."]),
        ("top1", 2, ["top1=0.99: your 50 evaluation samples can show at most 0.9709"]),
        ("topk", 2, ["topk=0.99: your samples hold 10 decisions each and more, which is enough."]),
    ],
)
def test_positions_are_decisions_too(name: str, positions: int, after: list[str]) -> None:
    (before,), found = lines({name: 0.99}, 50, positions)
    assert before.startswith(f"{name}=0.99: your 50 evaluation samples can show at most 0.9418; ")
    assert [line[: len(wanted)] for line, wanted in zip(found, after, strict=True)] == after


def test_the_default_is_short_of_samples_below_twenty_alone() -> None:
    assert lines(None, 20, 1) == lines(None, 120, 1) == ((), ())
    (before,), (after,) = lines(None, 19, 1)
    assert before.startswith("r2=0.98: your 19 ")
    assert after.startswith("kl=0.05: your 19 ")


def test_a_metric_without_a_default_limit_says_how_many_samples_would_do() -> None:
    before, (line,) = lines(None, 50, 1, metric=len)
    assert before == ()
    assert line == (
        "metric_drop: no limit by default with your 50 evaluation samples; of a metric from 0 to 1, 100 "
        "would do; yield 200."
    )
    assert lines({"r2": 0.98}, 50, 1, metric=len) == ((), ())


def captured(rows: int, *, cast: bool = False, length: int | str = "sequence") -> Any:
    ids = ir.Value(name="ids", shape=ir.Shape(["batch", "sequence"]), type=ir.TensorType(ir.DataType.INT64))
    table = ir.Value(name="table", const_value=ir.tensor(np.zeros((rows, 2), np.float32)))
    nodes = [ir.Node("", "Cast", [ids])] if cast else []
    nodes.append(ir.Node("", "Gather", [table, nodes[0].outputs[0] if cast else ids]))
    graph = ir.Graph([ids], nodes[-1].outputs, nodes=nodes, initializers=[table])
    contract = Graph((Tensor("ids", "int64", ("batch", length)),), ())
    return SimpleNamespace(model=ir.Model(graph, ir_version=10), graph=contract)


def split(*values: Sequence[int]) -> SampleSplit:
    parts = [Samples((Sample({"ids": np.array([each])}),)) for each in values]
    return SampleSplit(*parts)


UNKNOWN = split([101, 100, 102], [101, 100, 100, 102], [101, 100, 102, 0])


@pytest.mark.parametrize("cast", [False, True])
def test_a_vocabulary_of_which_samples_use_a_handful_is_named(cast: bool) -> None:
    (line,) = sample_warnings(captured(30522, cast=cast), UNKNOWN)
    assert line == (
        "Input 'ids' holds nothing but 0, 100, 101, 102 in all 3 samples, and its table has 30522 rows: "
        "is its tokenizer the model's own?"
    )


def test_small_tables_and_samples_that_vary_are_left_alone() -> None:
    assert sample_warnings(captured(2), UNKNOWN) == ()
    assert sample_warnings(captured(63), UNKNOWN) == ()
    assert len(sample_warnings(captured(64), UNKNOWN)) == 1
    assert sample_warnings(captured(30522), split([101, 7, 102], [101, 8, 102], [101, 9, 102])) == ()


def test_a_length_that_all_samples_share_is_a_line() -> None:
    varied = split([1, 2], [3, 4], [5, 6])
    (line,) = sample_warnings(captured(100, length=2), varied)
    assert line == "Axis 1 of ids is 2 in all samples, and fixed in the bundle."
    assert sample_warnings(captured(100), varied) == ()
    assert sample_warnings(captured(100, length=1), varied) == ()  # a label each, not a sequence
