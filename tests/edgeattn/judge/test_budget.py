from __future__ import annotations

import math
from dataclasses import replace

import pytest

from edgeattn.judge.budget import DEFAULT, SUITING, Budget, check_of, figure_of, parse
from edgeattn.judge.figures import Exact, Mean, mean_drop
from edgeattn.judge.measures import Measures, Scores
from edgeattn.judge.output_metrics import DECIDING_SAMPLES, METRICS
from edgeattn.judge.r2 import OutputR2
from edgeattn.results.accuracy import OutputAccuracy
from edgeattn.results.check import Check
from edgeattn.results.latency import INT8, PYTORCH, Conditions, Race
from edgeattn.results.limits import GOLDEN_CEILING, LIMITS
from edgeattn_runtime.errors import BudgetError
from edgeattn_runtime.timing.latency import Latency


def test_a_budget_silent_on_accuracy_asks_for_the_default() -> None:
    assert Budget.read(None).limits == DEFAULT
    assert Budget.read({"size_mb": 24}).limits == {**DEFAULT, "size_mb": 24.0}


@pytest.mark.parametrize("name", ["cosine", "cosine_min", "snr_db", "max_abs", "metric_drop"])
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
    with pytest.raises(BudgetError, match=f"budget {name}: "):
        Budget.read({name: value}, has_metric=True)


@pytest.mark.parametrize("name", ["speed", "golden"])
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(BudgetError, match=f"budget '{name}': .*{', '.join(LIMITS)}"):
        Budget.read({name: 0.5})


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
    ("item", "named"),
    [
        ("cosine", "budget 'cosine': "),
        ("cosine=", "budget cosine: ''"),
        ("cosine=high", "budget cosine: 'high'"),
        ("cosine=99%", "budget cosine: '99%'"),
        ("cosine=nan", "budget cosine: nan"),
        ("speed=3", "budget 'speed': "),
        ("metric_drop=x%", "budget metric_drop: 'x%'"),
    ],
)
def test_an_item_of_another_form_is_refused(item: str, named: str) -> None:
    with pytest.raises(BudgetError, match=named):
        parse([item])


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(BudgetError, match="budget cosine: "):
        parse(["cosine=0.9", "cosine=0.99"])


MANY = 100  # samples, all alike: enough for every limit
OUTPUTS = (
    OutputR2(OutputAccuracy("a", "numbers", "", 0.99, 0.5, (1,), 1.0), (0.01,) * MANY),
    OutputR2(OutputAccuracy("b", "numbers", "", 0.97, 0.75, (), 1.0), (0.03,) * MANY),
)
SCORES = Scores(
    outputs=OUTPUTS,
    cosine=(0.98,) * MANY,
    cosine_float=(1.0,) * MANY,
    max_abs=(0.1,) * MANY,
    snr_db=(20.0,) * MANY,
    metric_pytorch=(0.75,) * MANY,
    metric_int8=(0.625,) * MANY,
    output_metrics={name: Mean((0.75,) * MANY, 0.75, at_least=LIMITS[name].at_least) for name in METRICS},
)
CONDITIONS = Conditions(threads=1, shape={}, samples=1, rounds=8)
LATENCIES = {PYTORCH: Latency(30, 31, 32, 8), INT8: Latency(10, 11, 12, 8)}
MEASURES = Measures(
    scores=SCORES,
    latency_ms=Race(LATENCIES, CONDITIONS),
    size_mb={INT8: 24.0},
    cache_mb=2.0,
    memory_mb=50.0,
)
STEP = 1e-6


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_met_up_to_itself_and_no_further(name: str) -> None:
    figure = figure_of(name, MEASURES)
    assert figure is not None
    measured = figure.value
    beyond = measured + (STEP if LIMITS[name].at_least else -STEP)
    for limit, verdict in ((measured, "pass"), (beyond, "fail")):
        (check, *_) = Budget({name: limit + slack(name)}).checks(MEASURES)
        assert (check.name, check.measured, check.verdict) == (name, measured, verdict)


def slack(name: str) -> float:
    """What sums of so many equal numbers leave."""
    return 1e-12 * (-1 if LIMITS[name].at_least else 1)


def test_a_perfect_cosine_is_met_by_what_float_sums_leave() -> None:
    nearly = replace(MEASURES, scores=replace(SCORES, cosine=(0.99999999999999,) * MANY))
    (check,) = Budget.read({"cosine": 1}).checks(nearly)
    assert check.ok


@pytest.mark.parametrize(("golden", "ok"), [(GOLDEN_CEILING, True), (GOLDEN_CEILING + STEP, False)])
def test_every_bundle_is_asked_for_golden_vectors_that_prove_something(golden: float, ok: bool) -> None:
    *_, check = Budget.read(None).checks(replace(MEASURES, golden=golden))
    assert check == Check("golden", golden, GOLDEN_CEILING, ok)


def test_what_was_not_measured_is_not_checked() -> None:
    budget = Budget.read({"cosine": 0.9, "memory_mb": 1, "latency_ratio": 2, "size_mb": 1})
    assert [check.name for check in budget.checks(Measures(scores=SCORES))] == ["cosine"]


def test_speed_and_size_have_no_say_in_what_is_exact() -> None:
    budget = Budget.read({"cosine": 0.9, "size_mb": 1, "latency_ms": 1})
    assert budget.is_promised(replace(MEASURES, golden=0.1), MANY)
    assert not Budget.read({"cosine_min": 0.985}).is_promised(MEASURES, MANY)
    assert not Budget.read({"metric_drop": 0.1}, has_metric=True).is_promised(MEASURES, MANY)


def test_what_few_samples_meet_is_undecided_and_yet_promised_by_them() -> None:
    few = replace(MEASURES, scores=replace(SCORES, cosine=SCORES.cosine[:19], max_abs=SCORES.max_abs[:58]))
    budget = Budget.read({"cosine": 0.9, "max_abs": 0.2})
    mean, worst = budget.checks(few)
    assert (mean.verdict, mean.needed, worst.verdict, worst.needed) == ("undecided", 20, "undecided", 59)
    assert not mean.ok
    assert budget.is_promised(few, 19)
    assert budget.is_promised(few, MANY)


# Of samples that differ, for a mean to be no worst.
LIMITED = replace(SCORES, cosine=(0.98, 1.0), max_abs=(0.1, 0.0), snr_db=(20.0, 40.0))
ALL = replace(MEASURES, scores=LIMITED, size_mb={"float": 90.0, INT8: 24.0}, golden=0.97)


def test_each_limit_reads_its_own_number() -> None:
    figures = {name: figure_of(name, ALL) for name in LIMITS}
    assert {name: figure and figure.value for name, figure in figures.items()} == {
        "r2": pytest.approx(0.97),
        "r2_channel_min": 0.5,
        "cosine": 0.99,
        "cosine_min": 0.98,
        "snr_db": 30.0,
        "max_abs": 0.1,
        "metric_drop": pytest.approx(0.125),
        **dict.fromkeys(METRICS, 0.75),
        "latency_ms": 10,
        "latency_ratio": 3,
        "size_mb": 24.0,
        "cache_mb": 2.0,
        "memory_mb": 50.0,
    }
    assert figure_of("golden", ALL) == Exact(0.97)


def test_a_metrics_drop_is_limited_by_default_where_it_is_judged() -> None:
    judged = replace(ALL, scores=replace(LIMITED, judges_metric=True))
    assert Budget.read(None).bounds(judged)["metric_drop"] == 0.05
    assert "metric_drop" not in Budget.read(None).bounds(ALL)
    assert "metric_drop" not in Budget.read({"r2": 0.9}).bounds(judged)
    (check,) = [each for each in Budget.read(None).checks(judged) if each.name == "metric_drop"]
    assert not check.ok  # it loses 0.125


@pytest.mark.parametrize(("lost", "ok"), [(1, True), (2, False)])
def test_the_default_drop_is_what_its_least_samples_show_with_one_lost(lost: int, ok: bool) -> None:
    right = [1.0] * DECIDING_SAMPLES
    drop = mean_drop(right, [0.0] * lost + right[lost:])
    assert check_of("metric_drop", SUITING["metric_drop"], drop).ok is ok


def test_what_nobody_measured_is_read_as_nothing() -> None:
    bare = Measures(scores=replace(LIMITED, metric_int8=(), output_metrics={}))
    assert {name for name in LIMITS if figure_of(name, bare) is not None} == {
        "r2",
        "r2_channel_min",
        "cosine",
        "cosine_min",
        "snr_db",
        "max_abs",
    }
    alone = Measures(scores=LIMITED, latency_ms=Race({INT8: LATENCIES[INT8]}, CONDITIONS))
    assert figure_of("latency_ratio", alone) is None
    assert figure_of("golden", bare) is None
