"""A benchmark as JSON, and what is no such JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeattn.results.benchmark import Benchmark, Point, Start, TokenTime, read_benchmark
from edgeattn.results.latency import INT8, Conditions, Race
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.confidence import Estimate, Interval
from edgeattn_runtime.timing.latency import Latency
from edgeattn_runtime.timing.machine import Machine


@pytest.fixture
def benchmark(machine: Machine) -> Benchmark:
    """A benchmark with something in every field."""
    latency = Latency(1.0, 1.1, 1.2, 100)
    race = Race({INT8: latency}, Conditions(1, {"batch": 1}, 1, 100))
    return Benchmark(
        bundle="tiny",
        target="cpu",
        graphs={"model.onnx": "0" * 64},
        machine=machine,
        timed="Timed on the bundle's golden inputs, one by one",
        original="PyTorch",
        points=(Point(sizes={"batch": 1}, latency_ms=race, per_second={INT8: 1000.0}, energy_mj=2.5),),
        start=Start(Estimate(20.0, Interval(19.0, 21.0)), Estimate(3.0, None)),
        memory_mb=12.5,
        token=TokenTime(latency, 8),
        modules={"layer": 0.75, "": 0.25},
        notes=("The original was not timed.",),
    )


def test_a_benchmark_is_read_as_it_was_written(benchmark: Benchmark, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(benchmark.to_json())
    assert json.loads(path.read_text())["schema"] == 1
    assert read_benchmark(path) == benchmark


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"schema": 2}, "schema"),
        ({"start": {"load_ms": 3}}, "start"),
        ({"points": [{}]}, "points"),
        ({"bundle": "tiny\x1b[31m"}, "bundle"),
    ],
)
def test_what_is_no_benchmark_is_refused_by_its_key(
    benchmark: Benchmark, tmp_path: Path, changed: dict[str, object], key: str
) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(json.loads(benchmark.to_json()) | changed))
    with pytest.raises(BadInput, match=key) as refused:
        read_benchmark(path)
    assert str(path) in str(refused.value)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read_benchmark(tmp_path / "none.json")
