from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn.report.changes.benchmarks import interval_trend
from edgeattn.report.changes.bundles import Change, changes
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.latency import INT8, Race
from edgeattn.results.report import Report
from edgeattn_runtime.timing.confidence import Interval, Ratio
from edgeattn_runtime.timing.latency import Latency


def found(old: Report, new: Report) -> dict[str, Change]:
    return {change.name: change for change in changes(old, new)}


def cosine(value: float, bound: float) -> Check:
    return Check("cosine", value, 0.9, ok=True, bound=bound)


def slower(report: Report, times: float) -> Report:
    race = report.latency_ms
    assert race is not None
    int8 = race[INT8]
    changed = Latency(int8.p50 * times, int8.p90 * times, int8.p99 * times, int8.count)
    return replace(report, latency_ms=Race({**race.latencies, INT8: changed}, race.conditions))


def test_a_report_is_neither_better_nor_worse_than_itself(report: Report) -> None:
    assert {change.word for change in changes(report, report)} == {"same"}


def test_accuracy_is_worse_where_the_intervals_have_nothing_in_common(report: Report) -> None:
    before = replace(report, checks=(cosine(0.995, 0.994),))
    for value, bound, word in (
        (0.994, 0.993, "same"),
        (0.990, 0.989, "worse"),
        (0.999, 0.998, "better"),
        (0.990, 0.980, "same"),
    ):
        assert found(before, replace(report, checks=(cosine(value, bound),)))["cosine"].word == word


def test_a_loss_is_worse_where_it_is_larger() -> None:
    low, high = Interval(1, 2), Interval(3, 4)
    assert interval_trend(low, high, more_is_better=False) == "worse"
    assert interval_trend(high, low, more_is_better=False) == "better"


def test_a_worst_sample_has_no_interval_and_is_worse_where_its_check_is(report: Report) -> None:
    held = replace(report, checks=(Check("cosine_min", 0.99, 0.98, ok=True, share=0.97),))
    lower = replace(report, checks=(Check("cosine_min", 0.985, 0.98, ok=True, share=0.97),))
    missed = replace(report, checks=(Check("cosine_min", 0.97, 0.98, ok=False, share=0.97),))
    other = replace(report, checks=(Check("cosine_min", 0.97, 0.96, ok=True, share=0.97),))
    assert found(held, lower)["cosine_min"].word == "same"
    assert found(held, missed)["cosine_min"].word == "worse"
    assert found(held, missed)["verdict"].word == "worse"
    assert found(missed, held)["cosine_min"].word == "better"
    assert found(held, other)["cosine_min"].word == "not compared"


def test_latency_is_compared_as_a_ratio_on_one_machine_alone(report: Report) -> None:
    name = "speedup over PyTorch, p50"
    assert found(report, slower(report, 1.05))[name].word == "same"
    assert found(report, slower(report, 1.3))[name].word == "worse"
    assert found(report, slower(report, 0.7))[name].word == "better"
    other = replace(slower(report, 1.3), machine=replace(report.machine, cpu="Slide rule"))
    assert found(report, other)[name].word == "not compared"
    assert "another machine" in found(report, other)[name].why
    assert found(report, replace(report, latency_ms=None))[name].word == "not compared"


def test_a_ratio_that_is_not_sure_shows_no_change(report: Report) -> None:
    race = slower(report, 1.3).latency_ms
    assert race is not None
    wide = replace(race, speedups={INT8: Ratio(race["pytorch"].p50 / race[INT8].p50, Interval(2.0, 6.0))})
    change = found(report, replace(report, latency_ms=wide))["speedup over PyTorch, p50"]
    assert (change.word, change.before, change.after) == ("same", "5.00x", "unsure")


def test_a_size_has_hardly_any_noise(report: Report) -> None:
    for size, word in ((22.95, "same"), (23.5, "worse"), (20.0, "better")):
        changed = replace(report, size_mb={**report.size_mb, INT8: size})
        assert found(report, changed)["size, MB"].word == word


@pytest.mark.parametrize("had", [True, False])
def test_an_edge_case_that_fails_now_is_worse(report: Report, had: bool) -> None:
    right, wrong = EdgeCase("batch 7", ok=True, error=0.1), EdgeCase("batch 7", ok=False, reason="NaN")
    before = replace(report, edge_cases=(right,) if had else ())
    after = replace(report, edge_cases=(wrong,))
    assert found(before, after)["edge case: batch 7"].word == "worse"
    if had:
        assert found(after, before)["edge case: batch 7"].word == "better"
