from __future__ import annotations

import math

import pytest

from edgeattn.judge.budget import DEFAULT, LIMITS, Budget, Check, parse
from edgeattn_runtime.errors import BudgetError


def test_a_budget_silent_on_accuracy_asks_for_the_default() -> None:
    assert Budget.read(None).limits == DEFAULT
    assert Budget.read({"size_mb": 24}).limits == {**DEFAULT, "size_mb": 24.0}


@pytest.mark.parametrize("name", ["cosine", "cosine_min", "metric_drop"])
def test_a_budget_on_accuracy_stands_alone(name: str) -> None:
    assert Budget.read({name: 0.5}, has_metric=True).limits == {name: 0.5}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cosine", 1.01),
        ("cosine", 0),
        ("cosine_min", -0.5),
        ("metric_drop", -0.01),
        ("latency_ms", 0),
        ("size_mb", -1),
        ("memory_mb", math.inf),
        ("latency_ratio", math.nan),
        ("cosine", "high"),
        ("cosine", True),
        ("cosine", None),
    ],
)
def test_a_limit_that_nothing_can_meet_is_refused(name: str, value: float) -> None:
    with pytest.raises(BudgetError, match=f"budget {name}: .* found, a finite number .* expected"):
        Budget.read({name: value}, has_metric=True)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BudgetError, match=f"budget 'speed': unknown; .*{', '.join(LIMITS)}"):
        Budget.read({"speed": 1})


def test_a_drop_needs_a_metric() -> None:
    with pytest.raises(BudgetError, match=r"has no metric .* define metric\(outputs, target\)"):
        Budget.read({"metric_drop": 0.01})


def test_perfection_may_be_asked() -> None:
    assert Budget.read({"cosine": 1, "metric_drop": 0}, has_metric=True).limits == {
        "cosine": 1.0,
        "metric_drop": 0.0,
    }


def test_the_command_line_gives_names_and_numbers() -> None:
    assert parse(["cosine=0.995", " size_mb = 25 ", "metric_drop=0.5%"]) == {
        "cosine": 0.995,
        "size_mb": 25.0,
        "metric_drop": 0.005,
    }


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("cosine", "NAME=NUMBER expected, such as cosine=0.995"),
        ("cosine=", "'' found, a finite number"),
        ("cosine=high", "'high' found, a finite number"),
        ("cosine=99%", "'99%' found, a finite number"),
        ("cosine=nan", "nan found, a finite number"),
        ("speed=3", "'speed': unknown"),
        ("metric_drop=x%", "'x%' found, a finite number"),
    ],
)
def test_an_item_of_another_form_is_refused(item: str, told: str) -> None:
    with pytest.raises(BudgetError, match=told):
        parse([item])


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(BudgetError, match="cosine: given twice"):
        parse(["cosine=0.9", "cosine=0.99"])


MEASURED = {
    "cosine": 0.99,
    "cosine_min": 0.98,
    "metric_drop": 0.005,
    "latency_ms": 10.0,
    "latency_ratio": 3.0,
    "size_mb": 24.0,
    "memory_mb": 50.0,
}
AT_LEAST = {"cosine", "cosine_min", "latency_ratio"}
STEP = 1e-9


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_met_up_to_itself_and_no_further(name: str) -> None:
    beyond = MEASURED[name] + (STEP if name in AT_LEAST else -STEP)
    for limit, ok in ((MEASURED[name], True), (beyond, False)):
        checks = Budget({name: limit}).checks(MEASURED)
        assert checks == (Check(name, MEASURED[name], limit, ok),)
