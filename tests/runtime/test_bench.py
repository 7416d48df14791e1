from __future__ import annotations

from pathlib import Path

import pytest

from edgeattn_runtime import BadInput
from edgeattn_runtime.bench import bench


def test_bench_times_each_golden_sample(good: Path) -> None:
    benchmark = bench(good, threads=2, rounds=3, warmup=0)
    assert (benchmark.model, benchmark.threads) == ("tiny", 2)
    shapes = [(timing.sample, *timing.shape.values()) for timing in benchmark.timings]
    assert shapes == [(0, 1, 5), (1, 2, 3), (2, 1, 1), (3, 2, 8)]
    for timing in benchmark.timings:
        latency = timing.latency_ms
        assert 0 < latency.p50 <= latency.p90 <= latency.p99
        assert latency.count == 3
    assert benchmark.load_ms > 0


def test_rounds_must_be_some(good: Path) -> None:
    with pytest.raises(BadInput, match="0 rounds"):
        bench(good, rounds=0)
