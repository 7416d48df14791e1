from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn.__main__ import main
from edgeattn.measure import benchmark, race
from edgeattn.measure import isolated as alone
from edgeattn.report.number_words import RUNNER_LABELS
from edgeattn.results.benchmark import read_benchmark
from edgeattn.results.latency import INT8
from edgeattn_runtime.timing.machine import Machine

TINY = Path(__file__).parents[1] / "tiny.py"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race, "MOST_ROUNDS", 24)
    monkeypatch.setattr(alone, "PROCESSES", 4)
    monkeypatch.setattr(alone, "ALL_SECONDS", 1.0)
    monkeypatch.setattr(alone, "LEAST_PASSES", 1e-6)  # a busy machine affords all inputs too
    monkeypatch.setattr(benchmark, "memory_mb", lambda bundle, threads, kernels: 51.5)


def test_alone_a_bundle_is_timed_on_its_golden_inputs(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ran: Callable[..., str]
) -> None:
    assert main(["bench", str(folder), "--json"]) == 0
    result = tmp_path / "result.json"
    result.write_text(capsys.readouterr().out)
    found = read_benchmark(result)
    (point,) = found.points
    int8 = point.latency_ms["int8"]
    assert found.memory_mb == 51.5
    assert found.machine == Machine.here()
    assert point.latency_ms.latencies.keys() == {"int8"}
    assert 0 < int8.p50 <= int8.p99
    assert int8.p50_interval is not None
    assert point.latency_ms.conditions.samples == 8
    assert point.per_second["int8"] > 0
    assert found.start.load_ms.interval is not None
    assert sum(found.modules.values()) == pytest.approx(1)

    assert "same" in ran("bench", "--compare", result, result)


@pytest.mark.usefixtures("instant_capture")
def test_with_its_original_all_are_timed_at_every_shape_and_number_of_threads(
    folder: Path, ran: Callable[..., str]
) -> None:
    grid = ["--shape", "batch=2", "--shape", "sequence=20,30", "--threads", "1,2"]
    points = json.loads(ran("bench", folder, TINY, *grid, "--json"))["points"]
    conditions = [point["latency_ms"]["conditions"] for point in points]
    assert [(each["shape"]["sequence"], each["threads"]) for each in conditions] == [
        (20, 1),
        (20, 2),
        (30, 1),
        (30, 2),
    ]
    assert points[0]["latency_ms"]["latencies"].keys() == {"pytorch", "float", "int8"}
    assert points[0]["sizes"] == {"batch": 2, "sequence": 20}
    int8 = points[0]["latency_ms"]["latencies"]["int8"]
    assert points[0]["per_second"]["int8"] == pytest.approx(2 * 1000 / int8["mean"])
    assert points[0]["latency_ms"]["speedups"]["int8"]["interval"] is not None


def test_a_person_gets_a_table(
    folder: Path, ran: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")  # figures of a busy machine are wider
    text = " ".join(ran("bench", folder, "--shape", "sequence=20").split())
    assert f"sequence 20 1 {RUNNER_LABELS[INT8]}" in text
    assert f"Measured on {Machine.here()}" in text
    assert "Cold start, ms: loaded in" in text
    assert "Memory of the bundle 51.5 MB" in text
    assert "Timed on the bundle's golden inputs, cut and joined to one shape" in text
    assert "Module time" in text
    assert "Time per token" not in text


@pytest.mark.usefixtures("instant_capture")
def test_a_module_that_does_not_compile_is_said_and_the_others_are_timed(
    folder: Path, ran: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no working C++ compiler found")

    monkeypatch.setattr("torch.compile", lambda module, dynamic: fail)
    text = " ".join(ran("bench", folder, TINY, "--compiled").split())
    assert "torch.compile: not timed" in text
    assert "no working C++ compiler found" in text
    assert "PyTorch, compiled" not in text


def test_a_result_that_is_worse_is_told_by_the_exit_code(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ran: Callable[..., str]
) -> None:
    text = ran("bench", folder, "--json")
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(text)
    table = json.loads(text)
    for name in ("p50", "p90"):
        latency = table["points"][0]["latency_ms"]["latencies"]["int8"]
        latency[name] *= 100
        latency[f"{name}_interval"] = {"low": latency[name], "high": latency[name]}
    new.write_text(json.dumps(table))
    assert main(["bench", "--compare", str(old), str(new)]) == 1
    out, err = capsys.readouterr()
    assert "worse" in out
    assert "2 of" in err
    assert {
        each["verdict"] for each in json.loads(ran("bench", "--compare", new, old, "--json"))["changes"]
    } >= {"better"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"schema": 7}', "schema: 7 "),
        ('{"schema": 1, "runs": []}', "bundle"),
        ("{", "edgeattn bench NAME.edge --json"),
        (None, "result.json"),
    ],
)
def test_what_is_no_result_is_refused(
    refused: Callable[..., str], tmp_path: Path, text: str | None, told: str
) -> None:
    path = tmp_path / "result.json"
    if text is not None:
        path.write_text(text)
    assert told in refused("bench", "--compare", path, path)


def test_nothing_to_do_is_refused(refused: Callable[..., str], folder: Path, tmp_path: Path) -> None:
    assert "NAME.edge" in refused("bench")
    assert "--compare" in refused("bench", folder, "--compare", tmp_path / "a", tmp_path / "b")
    assert "--compiled" in refused("bench", folder, "--compiled")
    assert "threads 'two': " in refused("bench", folder, "--threads", "two")


def test_an_axis_that_is_none_is_refused(folder: Path, refused: Callable[..., str]) -> None:
    line = refused("bench", folder, "--shape", "width=20")
    assert "'width'" in line
    assert "batch, sequence" in line


@pytest.mark.parametrize("size", [1_000_000, 10**30])
def test_a_length_that_no_memory_holds_is_refused_at_once(
    folder: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(alone, "launches", lambda *_, **__: pytest.fail("run with a million positions"))
    assert f"sequence={size}" in refused("bench", folder, "--shape", f"sequence=20,{size}")
    assert f"sequence={size}" in refused("bench", folder, "--shape", f"sequence={size}", "--json")


def test_a_size_out_of_the_contracts_bounds_is_refused(folder: Path, refused: Callable[..., str]) -> None:
    assert "batch=0" in refused("bench", folder, "--shape", "batch=0")
