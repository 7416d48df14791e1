"""What is measured against each limit, and the check that it comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn.judge.budget import check_of, figure_of
from edgeattn.judge.figures import Exact, Mean, Worst
from edgeattn.judge.measures import Measures, Scores
from edgeattn.judge.output_metrics import METRICS
from edgeattn.results.check import Check
from edgeattn.results.latency import INT8, PYTORCH, Conditions, Race
from edgeattn.results.limits import LIMITS
from edgeattn_runtime.latency import Latency

SCORES = Scores(
    cosine=(0.98, 1.0),
    cosine_float=(1.0, 1.0),
    max_abs=(0.1, 0.0),
    snr_db=(20.0, 40.0),
    metric_pytorch=(0.9, 0.9),
    metric_int8=(0.75, 0.75),
    output_metrics={name: Mean((0.5, 0.75), 0.5, at_least=True) for name in METRICS},
)
CONDITIONS = Conditions(threads=1, shape={}, samples=1, rounds=1)
RACE = Race({PYTORCH: Latency(8, 9, 10, 1), INT8: Latency(2, 3, 4, 1)}, CONDITIONS)
ALL = Measures(scores=SCORES, latency_ms=RACE, size_mb={"float": 8.0, INT8: 2.5}, memory_mb=51.0, golden=0.97)
NEXT = 1e-14  # from 1: what float64 sums of equal numbers leave


def test_each_limit_reads_its_own_number() -> None:
    figures = {name: figure_of(name, ALL) for name in LIMITS}
    assert {name: figure and figure.value for name, figure in figures.items()} == {
        "cosine": 0.99,
        "cosine_min": 0.98,
        "snr_db": 30.0,
        "max_abs": 0.1,
        "metric_drop": pytest.approx(0.15),
        **dict.fromkeys(METRICS, 0.625),
        "latency_ms": 2,
        "latency_ratio": 4,
        "size_mb": 2.5,
        "memory_mb": 51.0,
    }
    assert figure_of("golden", ALL) == Exact(0.97)


def test_what_nobody_measured_is_read_as_nothing() -> None:
    bare = Measures(scores=replace(SCORES, metric_int8=(), output_metrics={}))
    assert {name for name in LIMITS if figure_of(name, bare) is not None} == {
        "cosine",
        "cosine_min",
        "snr_db",
        "max_abs",
    }
    alone = Measures(scores=SCORES, latency_ms=Race({INT8: RACE[INT8]}, CONDITIONS))
    assert figure_of("latency_ratio", alone) is None
    assert figure_of("golden", bare) is None


def test_a_size_is_decided_by_itself() -> None:
    assert check_of("size_mb", 24.0, Exact(22.9)) == Check("size_mb", 22.9, 24.0, ok=True)
    assert check_of("size_mb", 22.0, Exact(22.9)).verdict == "fail"


def test_a_worst_sample_of_few_decides_nothing_but_a_failure() -> None:
    assert check_of("cosine_min", 0.998, Worst(0.999, 20)).verdict == "undecided"
    assert check_of("cosine_min", 0.998, Worst(0.997, 20)).verdict == "fail"
