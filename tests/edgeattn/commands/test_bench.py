from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from onnxruntime import InferenceSession
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

from edgeattn.__main__ import main
from edgeattn.measure import benchmark, race
from edgeattn_runtime.fields import Field
from edgeattn_runtime.machine import Machine

TINY = Path(__file__).parents[1] / "tiny.py"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race, "ROUNDS", 8)
    monkeypatch.setattr(benchmark, "memory_mb", lambda bundle, threads: 51.5)


def test_alone_a_bundle_is_timed_on_its_golden_inputs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", str(folder), "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["memory_mb"] == 51.5
    assert Machine.from_field(Field("machine", table["machine"])) == Machine.here()
    assert table["latency_ms"]["latencies"].keys() == {"int8"}
    int8 = table["latency_ms"]["latencies"]["int8"]
    assert 0 < int8["p50"] <= int8["p99"]
    assert table["latency_ms"]["conditions"]["samples"] == 4


@pytest.mark.usefixtures("instant_capture")
def test_with_its_original_all_three_are_timed_at_a_shape(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shape = ["--shape", "batch=2", "--shape", "sequence=20"]
    assert main(["bench", str(folder), str(TINY), *shape, "--threads", "2", "--json"]) == 0
    latency = json.loads(capsys.readouterr().out)["latency_ms"]
    assert latency["latencies"].keys() == {"pytorch", "float", "int8"}
    assert latency["conditions"]["shape"] == {"batch": 2, "sequence": 20}
    assert latency["conditions"]["threads"] == 2


def test_a_person_gets_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(folder), "--shape", "sequence=20"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Latency, ms, p50" in text
    assert f"Measured on {Machine.here()}" in text
    assert "1 sample, 1 thread; batch 1, sequence 20" in text
    assert "Memory of the bundle alone 51.5 MB" in text
    assert "Timed on the bundle's golden inputs, cut and joined to one shape" in text
    assert "Time per token" not in text


def test_a_shape_beyond_the_memory_is_told_in_a_line(
    folder: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Fail("Failed to allocate memory for requested buffer of size 400")

    monkeypatch.setattr(InferenceSession, "run", fail)
    line = refused("bench", folder, "--shape", "sequence=20")
    assert "tokens (1, 20), attention_mask (1, 20)" in line
    assert "memory" in line


def test_an_axis_that_is_none_is_refused(folder: Path, refused: Callable[..., str]) -> None:
    line = refused("bench", folder, "--shape", "width=20")
    assert "'width'" in line
    assert "batch, sequence" in line


@pytest.mark.parametrize("size", [1_000_000, 10**30])
def test_a_length_that_no_memory_holds_is_refused_at_once(
    folder: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(InferenceSession, "run", lambda *_: pytest.fail("run with a million positions"))
    assert f"sequence={size}" in refused("bench", folder, "--shape", f"sequence={size}")
    assert f"sequence={size}" in refused("bench", folder, "--shape", f"sequence={size}", "--json")


def test_a_size_out_of_the_contracts_bounds_is_refused(folder: Path, refused: Callable[..., str]) -> None:
    assert "batch=0" in refused("bench", folder, "--shape", "batch=0")
