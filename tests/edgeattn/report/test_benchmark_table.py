from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn.report.benchmark_table import benchmark_changes_parts, benchmark_parts
from edgeattn.report.changes.benchmarks import benchmark_changes
from edgeattn.report.number_words import RUNNER_LABELS
from edgeattn.report.table import show
from edgeattn.results.benchmark import Benchmark, Point, Start
from edgeattn.results.latency import FLOAT, INT8, PYTORCH, Conditions, Race
from edgeattn_runtime.timing.confidence import Estimate, Interval, Ratio
from edgeattn_runtime.timing.latency import Latency
from edgeattn_runtime.timing.machine import Machine
from edgeattn_runtime.timing.surroundings import State, Surroundings

CALM = State(load=0.1, clock_mhz=2600.0, governor=None)


@pytest.fixture
def found(machine: Machine) -> Benchmark:
    """A benchmark whose speedup of int8 is wide, beside a process that computes."""
    latencies = {
        name: Latency(p50, 2 * p50, 3 * p50, 384, p50_interval=Interval(0.98 * p50, 1.02 * p50))
        for name, p50 in ((PYTORCH, 16.0), (FLOAT, 9.0), (INT8, 3.2))
    }
    surroundings = Surroundings(
        before=CALM, after=CALM, others=0.94, stolen=None, switches=2.0, energy_j=None
    )
    speedups = {
        PYTORCH: Ratio(1.0, Interval(1.0, 1.0)),
        FLOAT: Ratio(1.78, Interval(1.75, 1.81)),
        INT8: Ratio(5.0, Interval(3.9, 6.4)),
    }
    conditions = Conditions(1, {"batch": 1}, 32, 384, warmup=64, steady=False, surroundings=surroundings)
    return Benchmark(
        bundle="tiny",
        target="cpu",
        graphs={},
        machine=machine,
        timed="Timed on samples",
        original="PyTorch",
        points=(
            Point(
                sizes={"batch": 8},
                latency_ms=Race(latencies, conditions, speedups),
                per_second=dict.fromkeys(latencies, 123.0),
                energy_mj=None,
            ),
        ),
        start=Start(Estimate(40.0, Interval(36.0, 44.0)), Estimate(2.0, None)),
        memory_mb=None,
        token=None,
        modules={f"block.{i}": 1 / 12 for i in range(12)},
        notes=("torch.compile: not timed",),
    )


def shown(found: Benchmark, capsys: pytest.CaptureFixture[str]) -> str:
    show(benchmark_parts(found), width=200)
    return " ".join(capsys.readouterr().out.split())


def test_a_speedup_that_is_unsure_is_no_number_and_what_disturbed_it_is_said(
    found: Benchmark, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(found, capsys)
    assert "batch 8 1 PyTorch 16.0 ±2 % 32.0 48.0 123 1.00 ±0 %" in text
    assert "float 9.00 ±2 % 18.0 27.0 123 1.78 ±2 %" in text
    assert f"{RUNNER_LABELS[INT8]} 3.20 ±2 % 6.40 9.60 123 unsure" in text
    assert "unsure: between 3.90 and 6.40; disturbed by other processes kept 0.9 cores busy" in text
    assert "5.00" not in text


def test_nor_is_it_a_number_where_two_benchmarks_are_compared(
    found: Benchmark, capsys: pytest.CaptureFixture[str]
) -> None:
    show(benchmark_changes_parts(benchmark_changes(found, found), found, found), width=200)
    assert "speedup, p50 batch 8, 1 thread unsure unsure same" in " ".join(capsys.readouterr().out.split())


def test_what_the_machine_does_not_tell_is_said(found: Benchmark, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(found, capsys)
    assert "governor unknown" in text
    absent = "time that a hypervisor takes, the governor of the clock, energy"
    assert f"Not reported by this machine: {absent}" in text
    assert "torch.compile: not timed" in text
    assert "still getting faster" in text
    assert "Memory" not in text


def test_the_worst_modules_are_listed_and_the_others_summed(
    found: Benchmark, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(found, capsys)
    assert "block.9 8 %" in text
    assert "block.10" not in text
    assert "2 others 17 %" in text


def test_energy_is_told_where_there_is_a_counter(
    found: Benchmark, capsys: pytest.CaptureFixture[str]
) -> None:
    (point,) = found.points
    assert "Energy of a call" not in shown(found, capsys)
    metered = replace(found, points=(replace(point, energy_mj=12.5),))
    assert "Energy of a call 12.5 mJ" in shown(metered, capsys)
