from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn_runtime.bundle.golden import GoldenResult
from edgeattn_runtime.commands.tables import benchmark_text, margin_text
from edgeattn_runtime.timing.benchmark import DeviceBenchmark, Run, Timing
from edgeattn_runtime.timing.confidence import Interval
from edgeattn_runtime.timing.latency import Latency
from edgeattn_runtime.timing.machine import Machine
from edgeattn_runtime.timing.surroundings import State, Surroundings

STATE = State(load=None, clock_mhz=None, governor=None)
CALM = Surroundings(before=STATE, after=STATE, others=0.0, stolen=0.0, switches=None, energy_j=None)
LATENCY = Latency(0.75, 0.8, 12.25, 300, p50_interval=Interval(0.74, 0.76))
TIMINGS = (Timing(0, {"batch": 1, "sequence": 16}, LATENCY), Timing(1, {}, LATENCY))
BENCHMARK = DeviceBenchmark(
    model="tiny",
    target="cpu",
    graphs={"model.onnx": "0" * 64},
    machine=Machine(
        cpu="Abacus", instruction_sets=(), cores=3, memory_mb=None, system="Linux 6.1", versions={}
    ),
    load_ms=12.34,
    peak_memory_mb=98.76,
    golden=(GoldenResult(0, "y", 0.0123456, 0.1, True), GoldenResult(1, "y", 0.75, 0.9, False)),
    runs=(
        Run(1, TIMINGS, warmup=24, steady=False, surroundings=CALM),
        Run(2, TIMINGS[:1], surroundings=replace(CALM, others=0.94)),
    ),
)


def test_a_benchmark_is_a_table_with_what_makes_it_doubtful_below() -> None:
    assert benchmark_text(BENCHMARK).splitlines() == [
        "tiny for cpu: loaded in 12.3 ms, 98.8 MB at the peak of the whole process, Python included",
        "error of golden outputs at most 0.750000 of their spread",
        str(BENCHMARK.machine),
        "threads  sample   p50 ms          p90 ms          p99 ms            calls  shape",
        "      1       0    0.750 ±1 %      0.800          12.250            300  batch=1 sequence=16",
        "      1       1    0.750 ±1 %      0.800          12.250            300  ",
        "      2       0    0.750 ±1 %      0.800          12.250            300  batch=1 sequence=16",
        "1 thread: calls were still getting faster after 24 of warm-up",
        "2 threads, disturbed: other processes kept 0.9 cores busy",
    ]


def test_what_is_not_known_is_not_spoken_of() -> None:
    first, *_, last = benchmark_text(
        replace(BENCHMARK, peak_memory_mb=None, runs=(Run(1, TIMINGS),))
    ).splitlines()
    assert first == "tiny for cpu: loaded in 12.3 ms"
    assert last.split()[:2] == ["1", "1"]


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (None, ""),
        (Interval(0.98, 1.02), "±2 %"),
        (Interval(0.25, 0.81), "±80 %"),
        (Interval(1.0, 1.0), "±0 %"),
        (Interval(0.25, 1.0), "±>99 %"),
        (Interval(0.1, 10.0), "±>99 %"),
    ],
)
def test_a_figure_may_be_off_by_a_share(interval: Interval | None, words: str) -> None:
    assert margin_text(interval) == words
