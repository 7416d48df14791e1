from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from edgeattn_runtime import BadInput
from edgeattn_runtime.timing.benchmark import bench
from edgeattn_runtime.timing.machine import Machine


def test_bench_times_each_golden_sample(good: Path) -> None:
    benchmark = bench(good, rounds=3)
    (run,) = benchmark.runs
    assert run.warmup is not None
    assert run.warmup >= 3
    assert run.surroundings is not None
    assert (benchmark.model, benchmark.target, run.threads) == ("tiny", "cpu", 1)
    shapes = [(timing.sample, *timing.shape.values()) for timing in run.timings]
    assert shapes == [(0, 1, 5), (1, 2, 3), (2, 1, 1), (3, 2, 8)]
    for timing in run.timings:
        latency = timing.latency_ms
        assert 0 < latency.p50 <= latency.p90 <= latency.p99
        assert latency.count == 3
    assert benchmark.load_ms > 0
    assert all(result.ok for result in benchmark.golden)
    assert benchmark.graphs == {"model.onnx": hashlib.sha256((good / "model.onnx").read_bytes()).hexdigest()}
    assert benchmark.machine == Machine.here()


def test_threads_are_swept_in_their_order(good: Path) -> None:
    benchmark = bench(good, threads=(2, 1), rounds=1)
    assert [run.threads for run in benchmark.runs] == [2, 1]
    assert all(len(run.timings) == 4 for run in benchmark.runs)


def test_rounds_must_be_some(good: Path) -> None:
    with pytest.raises(BadInput, match="0 rounds"):
        bench(good, rounds=0)
