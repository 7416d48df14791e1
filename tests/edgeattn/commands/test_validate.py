from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.judge.output_metrics import METRICS
from edgeattn.measure import race
from edgeattn.results.bundle import REPORT_FILE
from edgeattn.results.report import Report
from edgeattn_runtime.bundle.manifest import FileEntry
from edgeattn_runtime.timing.machine import Machine

TINY = Path(__file__).parents[1] / "tiny.py"


def demand(folder: Path, key: str, limit: float) -> None:
    """Ask more of a bundle than it was accepted for."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    if key == "golden":
        manifest["variants"][0]["tolerance"] = dict.fromkeys(manifest["variants"][0]["tolerance"], limit)
    else:
        manifest["budget"][key] = limit
    path.write_text(json.dumps(manifest))


def test_golden_vectors_are_replayed(folder: Path, ran: Callable[..., str]) -> None:
    assert ran("validate", folder).split().count("pass") == 8


def test_golden_vectors_that_fail_exit_with_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demand(folder, "golden", 1e-9)
    assert main(["validate", str(folder), "--json"]) == 1
    printed = capsys.readouterr()
    table = json.loads(printed.out)
    assert table["verdict"] == "fail"
    assert not any(row["ok"] for row in table["golden"])
    assert table["machine"]["cpu"] == Machine.here().cpu
    assert "8 of 8" in printed.err


@pytest.mark.usefixtures("instant_capture")
def test_the_original_is_compared_on_all_evaluation_samples(folder: Path, ran: Callable[..., str]) -> None:
    written = Report.from_json((folder / "report.json").read_text())
    report = Report.from_json(ran("validate", folder, TINY, "--json"))
    assert report.accuracy == written.accuracy
    assert (report.layers, report.size_mb) == (written.layers, written.size_mb)
    assert (report.samples, report.machine) == (written.samples, Machine.here())
    assert [check.name for check in report.checks] == [check.name for check in written.checks]
    assert report.latency_ms.latencies.keys() == {"pytorch", "float", "int8"}


@pytest.mark.usefixtures("instant_capture")
def test_the_bundles_own_budget_judges(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demand(folder, "latency_ratio", 1e6)
    assert main(["validate", str(folder), str(TINY)]) == 1
    printed = capsys.readouterr()
    assert "Verdict: fail" in printed.out
    assert "latency_ratio" in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.usefixtures("instant_capture")
def test_a_metric_that_needs_more_samples_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, refused: Callable[..., str]
) -> None:
    monkeypatch.setitem(METRICS, "top1", replace(METRICS["top1"], least=100))  # as neighbors do
    demand(folder, "top1", 0.5)
    assert re.search("top1: .* 100 .* 200 ", refused("validate", folder, TINY))


def test_another_models_original_is_refused(
    folder: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    other = tmp_path / "other.py"
    other.write_text(
        TINY.read_text().replace("self.tags = nn.Linear(WIDTH, 4)", "self.tags = nn.Linear(WIDTH, 5)")
    )
    assert " other " in refused("validate", folder, other)


@pytest.fixture
def carried(bundle: Bundle, machine: Machine, tmp_path: Path) -> Path:
    """A bundle that was made on another machine."""
    report = replace(bundle.report, machine=machine)
    packed = replace(bundle.packed, files={**bundle.packed.files, REPORT_FILE: report.to_json().encode()})
    entry = FileEntry(hashlib.sha256(packed.files[REPORT_FILE]).hexdigest(), len(packed.files[REPORT_FILE]))
    manifest = replace(packed.manifest, files={**packed.manifest.files, REPORT_FILE: entry})
    return Bundle({report.target: report}, replace(packed, manifest=manifest)).save(tmp_path / "carried.edge")


def test_another_machine_than_the_bundles_is_told_of(
    carried: Path, folder: Path, machine: Machine, ran: Callable[..., str]
) -> None:
    for place, is_told in ((carried, True), (folder, False)):
        assert (str(machine) in " ".join(ran("validate", place).split())) == is_told


@pytest.mark.usefixtures("instant_capture")
def test_it_is_told_of_beside_the_original_too(
    carried: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch, ran: Callable[..., str]
) -> None:
    monkeypatch.setattr(race, "MOST_ROUNDS", 72)
    words = " ".join(ran("validate", carried, TINY).split())
    assert f"Measured on {Machine.here()}" in words
    assert str(machine) in words
