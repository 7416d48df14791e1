from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeattn.__main__ import main
from edgeattn.report.report import Report

TINY = Path(__file__).parents[1] / "tiny.py"


def demand(folder: Path, key: str, limit: float) -> None:
    """Ask more of a bundle than it was accepted for."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    if key == "golden":
        manifest["golden"]["tolerance"]["cosine"] = limit
    else:
        manifest["budget"][key] = limit
    path.write_text(json.dumps(manifest))


def test_golden_vectors_are_replayed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(folder)]) == 0
    assert capsys.readouterr().out.split().count("pass") == 4


def test_golden_vectors_that_fail_exit_with_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demand(folder, "golden", 1.0)
    assert main(["validate", str(folder), "--json"]) == 1
    printed = capsys.readouterr()
    table = json.loads(printed.out)
    assert table["verdict"] == "fail"
    assert not any(row["ok"] for row in table["golden"])
    assert printed.err.endswith("4 of 4 golden outputs are below the tolerance\n")


def test_the_original_is_compared_on_all_judged_samples(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = Report.from_json((folder / "report.json").read_text())
    assert main(["validate", str(folder), str(TINY), "--json"]) == 0
    report = Report.from_json(capsys.readouterr().out)
    assert report.accuracy == written.accuracy
    assert (report.layers, report.size_mb) == (written.layers, written.size_mb)
    assert report.latency_ms.latencies.keys() == {"pytorch", "float", "int8"}


def test_the_bundles_own_budget_judges(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demand(folder, "latency_ratio", 1e6)
    assert main(["validate", str(folder), str(TINY)]) == 1
    printed = capsys.readouterr()
    assert "Verdict: fail" in printed.out
    assert "latency_ratio is" in printed.err
    assert printed.err.count("\n") == 1


def test_another_models_original_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.py"
    other.write_text(
        TINY.read_text().replace("self.tags = nn.Linear(WIDTH, 4)", "self.tags = nn.Linear(WIDTH, 5)")
    )
    assert main(["validate", str(folder), str(other)]) == 2
    assert "but the model other takes" in capsys.readouterr().err
