"""What a limit knows: what it reads, how near is near enough, and how many digits show it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from edgeattn.judge.figures import Exact, Mean
from edgeattn.judge.limits import GOLDEN, LIMITS, limit_of
from edgeattn.judge.measures import Measures, Scores
from edgeattn.judge.output_metrics import METRICS
from edgeattn.results.latency import INT8, PYTORCH, Conditions, Race
from edgeattn_runtime.latency import Latency

SCORES = Scores(
    cosine=(0.98, 1.0),
    cosine_float=(1.0, 1.0),
    max_abs=(0.1, 0.0),
    snr_db=(20.0, 40.0),
    metric_pytorch=(0.9, 0.9),
    metric_int8=(0.75, 0.75),
    asked={name: Mean((0.5, 0.75), 0.5, at_least=True) for name in METRICS},
)
CONDITIONS = Conditions(threads=1, shape={}, samples=1, rounds=1)
RACE = Race({PYTORCH: Latency(8, 9, 10, 1), INT8: Latency(2, 3, 4, 1)}, CONDITIONS)
ALL = Measures(scores=SCORES, latency_ms=RACE, size_mb={"float": 8.0, INT8: 2.5}, memory_mb=51.0, golden=0.97)
NEXT = 1e-14  # from 1: what float64 sums of equal numbers leave


def test_each_limit_reads_its_own_number() -> None:
    figures = {name: limit.read(ALL) for name, limit in LIMITS.items()}
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
    assert GOLDEN.read(ALL) == Exact(0.97)


def test_what_nobody_measured_is_read_as_nothing() -> None:
    bare = Measures(scores=replace(SCORES, metric_int8=(), asked={}))
    assert {name for name, limit in LIMITS.items() if limit.read(bare) is not None} == {
        "cosine",
        "cosine_min",
        "snr_db",
        "max_abs",
    }
    alone = Measures(scores=SCORES, latency_ms=Race({INT8: RACE[INT8]}, CONDITIONS))
    assert LIMITS["latency_ratio"].read(alone) is None
    assert GOLDEN.read(bare) is None


@pytest.mark.parametrize("name", ["cosine", "cosine_min"])
def test_perfection_is_met_up_to_rounding(name: str) -> None:
    limit = LIMITS[name]
    assert limit.meets(1 - NEXT, 1.0)
    assert not limit.meets(1 - 1e-6, 1.0)


@pytest.mark.parametrize("name", [name for name in LIMITS if not name.startswith("cosine")])
def test_other_limits_are_taken_to_the_letter(name: str) -> None:
    limit = LIMITS[name]
    beyond = math.nextafter(2.0, 0.0 if limit.at_least else math.inf)
    assert limit.meets(2.0, 2.0)
    assert not limit.meets(beyond, 2.0)


@pytest.mark.parametrize(
    ("name", "found", "asked", "text"),
    [
        ("cosine", 0.9934, 0.99, "0.99340"),
        ("cosine", 0.999998, 1.0, "0.999998"),
        ("cosine", 1 - NEXT, 1.0, "1.00000"),
        ("cosine_min", 0.98999998, 0.99, "0.98999998"),
        ("size_mb", 24.00004, 24.0, "24.00004"),
        ("latency_ms", 3.20001, 4.0, "3.2"),
        ("golden", 0.8999999, 0.9, "0.8999999"),
        ("size_mb", math.nextafter(24.0, 25.0), 24.0, repr(math.nextafter(24.0, 25.0))),
    ],
)
def test_a_number_shows_on_which_side_of_its_limit_it_is(
    name: str, found: float, asked: float, text: str
) -> None:
    limit = limit_of(name)
    assert limit.written(found, asked) == text
    assert limit.meets(float(text), asked) == limit.meets(found, asked)


@pytest.mark.parametrize(
    ("name", "asked", "text"),
    [
        ("cosine", 0.995, "at least 0.995"),
        ("size_mb", 24.0, "at most 24 MB"),
        ("latency_ratio", 3.0, "at least 3x"),
        ("metric_drop", 0.0, "at most 0"),
        ("cosine", 1 - 1e-9, "at least 0.999999999"),
    ],
)
def test_a_limit_is_written_as_it_was_asked(name: str, asked: float, text: str) -> None:
    assert limit_of(name).asked(asked) == text


@pytest.mark.parametrize(
    ("name", "admitted", "refused"),
    [
        ("cosine", (0.5, 1.0), (0.0, -1.0, 1.1)),
        ("metric_drop", (0.0, 3.0), (-0.1,)),
        ("size_mb", (0.1,), (0.0, -1.0)),
    ],
)
def test_only_what_makes_sense_is_admitted(
    name: str, admitted: tuple[float, ...], refused: tuple[float, ...]
) -> None:
    limit = LIMITS[name]
    assert all(map(limit.admits, admitted))
    assert not any(map(limit.admits, refused))
