from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn.report.changes.benchmarks import benchmark_changes, remarks
from edgeattn.results.benchmark import Benchmark, Point, Start
from edgeattn.results.latency import INT8, Conditions, Race
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.confidence import Estimate, Interval, Ratio
from edgeattn_runtime.timing.latency import Latency
from edgeattn_runtime.timing.machine import Machine


def point(p50: float, off: float | None = 0.02, *, sequence: int = 16, speedup: float = 2.0) -> Point:
    interval = None if off is None else Interval(p50 / (1 + off), p50 * (1 + off))
    latency = Latency(p50, 2 * p50, 3 * p50, 500, p50_interval=interval)
    return Point(
        sizes={"sequence": sequence},
        latency_ms=Race(
            {INT8: latency},
            Conditions(1, {}, 1, 500),
            {INT8: Ratio(speedup, Interval(0.99 * speedup, 1.01 * speedup))},
        ),
        per_second={INT8: 1000 / p50},
        energy_mj=None,
    )


def benchmark(machine: Machine, *points: Point) -> Benchmark:
    start = Start(Estimate(40.0, Interval(38.0, 42.0)), Estimate(2.0, None))
    return Benchmark(
        bundle="tiny",
        target="cpu",
        graphs={"model.onnx": "0" * 64},
        machine=machine,
        timed="on samples",
        original="PyTorch",
        points=points,
        start=start,
        memory_mb=20.0,
        token=None,
        modules={},
    )


def verdicts(before: Benchmark, after: Benchmark) -> dict[str, str]:
    return {change.name: change.verdict for change in benchmark_changes(before, after)}


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(1.0, 1.03, "same"), (1.0, 1.05, "worse"), (1.0, 0.9, "better")],
)
def test_a_time_is_worse_only_beyond_both_intervals(
    machine: Machine, before: float, after: float, verdict: str
) -> None:
    found = verdicts(benchmark(machine, point(before)), benchmark(machine, point(after)))
    assert found["p50, ms"] == verdict
    assert found["load, ms"] == "same"
    assert "p99, ms" not in found  # which has an interval in neither


def test_more_is_better_of_a_speedup(machine: Machine) -> None:
    old, new = benchmark(machine, point(1.0)), benchmark(machine, point(1.0, speedup=1.5))
    assert verdicts(old, new)["speedup, p50"] == "worse"
    assert verdicts(new, old)["speedup, p50"] == "better"


def test_few_calls_decide_nothing(machine: Machine) -> None:
    old, new = benchmark(machine, point(1.0)), benchmark(machine, point(9.0, None))
    assert verdicts(old, new)["p50, ms"] == "unknown"


def test_shapes_are_compared_with_the_same_shapes(machine: Machine) -> None:
    old = benchmark(machine, point(1.0), point(8.0, sequence=128))
    new = benchmark(machine, point(8.0, sequence=128), point(20.0, sequence=512))
    found = [change for change in benchmark_changes(old, new) if change.name == "p50, ms"]
    assert [(change.at, change.verdict) for change in found] == [("sequence 128, 1 thread", "same")]
    assert remarks(old, new) == ("Only in the first: sequence 16, 1 thread",)


def test_nothing_in_common_is_refused(machine: Machine) -> None:
    with pytest.raises(BadInput, match=r"sequence 16, 1 thread .*sequence 32, 1 thread "):
        benchmark_changes(benchmark(machine, point(1.0)), benchmark(machine, point(1.0, sequence=32)))


def test_other_machines_bundles_and_inputs_are_said(machine: Machine) -> None:
    old = benchmark(machine, point(1.0))
    assert remarks(old, old) == ()
    assert remarks(old, replace(old, bundle="other"))[0].startswith("Other bundles: tiny for cpu, then other")
    assert "exported again" in remarks(old, replace(old, graphs={}))[0]
    assert "Other machines" in remarks(old, replace(old, machine=replace(machine, cores=64)))[0]
    assert "Other inputs" in remarks(old, replace(old, timed="on others"))[0]
