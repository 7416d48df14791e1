from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn.__main__ import main

TINY = Path(__file__).parents[1] / "tiny.py"


@pytest.mark.usefixtures("instant_capture")
def test_validate_writes_what_ci_reads(folder: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    assert main(["validate", str(folder), str(TINY), "--summary", str(summary)]) == 0
    assert summary.read_text(encoding="utf-8").startswith("### tiny for cpu: ✅ pass\n")


def test_golden_outputs_have_a_summary_too(folder: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    assert main(["validate", str(folder), "--summary", str(summary)]) == 0
    assert "8 of 8 golden outputs right" in summary.read_text(encoding="utf-8")


def test_reports_that_are_there_are_written_without_the_model(folder: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    assert main(["report", str(folder), str(folder), "--summary", str(summary)]) == 0
    assert summary.read_text(encoding="utf-8").count("### tiny for cpu: ✅ pass\n") == 2


def test_a_place_that_is_none_is_refused_before_any_work(folder: Path, refused: Callable[..., str]) -> None:
    nowhere = folder / "none" / "x"
    assert f"--summary {nowhere}: " in refused("report", folder, "--summary", nowhere)
    assert f"--summary {folder}: " in refused("validate", folder, "--summary", folder)
    assert "--trace" in refused("validate", folder, TINY, "--trace", "--summary", folder.parent / "x")
