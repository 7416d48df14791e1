from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from edgeattn.__main__ import main
from edgeattn.results.bundle import REPORT_FILE, read_report
from edgeattn.results.report import Report
from edgeattn_export.pack import repack, save
from edgeattn_runtime.bundle.folder import open_bundle


@pytest.fixture
def newer(folder: Path) -> Callable[..., Path]:
    """Make a bundle like the other, but for what its report and its manifest say."""

    def make(change: Callable[[Report], Report], schema: int = 2, **manifest: object) -> Path:
        path = Path(copytree(folder, folder.with_name("newer.edge")))
        files = open_bundle(path)
        table = json.loads(change(read_report(files)).to_json()) | {"schema": schema}
        packed = repack(files, {REPORT_FILE: json.dumps(table).encode()})
        save(replace(packed, manifest=replace(packed.manifest, **manifest)), path)
        return path

    return make


def larger(report: Report) -> Report:
    return replace(report, size_mb={name: 1.5 * size for name, size in report.size_mb.items()})


def test_what_is_no_worse_is_told_and_ends_well(
    folder: Path, newer: Callable[..., Path], ran: Callable[..., str]
) -> None:
    words = ran("report", folder, newer(lambda report: report), "--compare").split()
    assert "verdict pass pass same" in " ".join(words)
    assert not {"worse", "better"} & set(words)


def test_what_is_worse_is_named_and_fails(
    folder: Path,
    newer: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    ran: Callable[..., str],
) -> None:
    summary = tmp_path / "summary.md"
    command = ["report", str(folder), str(newer(larger)), "--compare", "--summary", str(summary)]
    assert main(command) == 1
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "worse than" in printed.err
    assert "size, MB" in printed.err
    assert "❌ **worse**" in summary.read_text(encoding="utf-8")
    (found,) = json.loads(ran(*command, "--json", code=1)).values()
    assert [change["name"] for change in found if change["word"] == "worse"] == ["size, MB"]


def test_a_bundle_of_another_model_is_refused(
    folder: Path, newer: Callable[..., Path], refused: Callable[..., str]
) -> None:
    other = newer(lambda report: replace(report, model="other"), name="other")
    assert "'other' found, one of 'tiny'" in refused("report", folder, other, "--compare")


def test_a_report_of_another_schema_is_refused(
    folder: Path, newer: Callable[..., Path], refused: Callable[..., str]
) -> None:
    other = newer(lambda report: report, schema=1)
    assert "schema: 1 " in refused("report", folder, other, "--compare")


def test_options_that_do_not_go_together_are_refused(folder: Path, refused: Callable[..., str]) -> None:
    assert "--compare: " in refused("report", folder, "--compare")
    assert "--add" in refused("report", folder, folder, "--add", "x.json")
