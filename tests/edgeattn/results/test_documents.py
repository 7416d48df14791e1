"""What a benchmark and a device print, read back, and what is no such JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgeattn.results.benchmark import Benchmark, Point, Start, TokenTime, read_benchmark
from edgeattn.results.device import read_result
from edgeattn.results.latency import INT8, Conditions, Race
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.benchmark import DeviceBenchmark, bench
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


@pytest.fixture
def result(folder: Path) -> DeviceBenchmark:
    return bench(folder, threads=(1, 2), rounds=1)


def written(folder: Path, table: object) -> Path:
    path = folder.parent / "result.json"
    path.write_text(json.dumps(table))
    return path


def test_what_a_device_prints_is_read_back(folder: Path, result: DeviceBenchmark) -> None:
    assert read_result(written(folder, result.to_table()), open_bundle(folder)) == result


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"schema": 2}, "schema: 2"),
        ({"load_ms": "long"}, "load_ms"),
        ({"runs": [{"threads": 1}]}, "timings"),
        ({"model": "tiny\x1b[31m"}, "model"),
        ({"graphs": {"model.onnx": "0" * 64}}, r"model\.onnx"),
        ({"graphs": {"other.onnx": "0" * 64}}, r"other\.onnx"),
        ({"graphs": {}}, "graph"),
    ],
)
def test_what_is_no_result_of_the_bundle_is_refused(
    folder: Path, result: DeviceBenchmark, changed: dict[str, Any], named: str
) -> None:
    path = written(folder, result.to_table() | changed)
    with pytest.raises(BadInput, match=named) as refused:
        read_result(path, open_bundle(folder))
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")])
def test_what_is_no_json_is_refused(folder: Path, text: str) -> None:
    path = folder.parent / "result.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match=r"result\.json"):
        read_result(path, open_bundle(folder))


def test_a_file_that_is_missing_or_far_too_large_is_refused(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.json: "):
        read_result(folder.parent / "none.json", open_bundle(folder))
    path = folder.parent / "result.json"
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(BadInput, match=r"result\.json: .*1 MB"):
        read_result(path, open_bundle(folder))
