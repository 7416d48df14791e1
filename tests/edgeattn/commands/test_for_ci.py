from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from edgeattn.__main__ import main

TINY = Path(__file__).parents[1] / "tiny.py"


@pytest.mark.usefixtures("instant_capture")
def test_validate_writes_what_ci_reads(folder: Path, tmp_path: Path) -> None:
    summary, junit = tmp_path / "summary.md", tmp_path / "junit.xml"
    assert main(["validate", str(folder), str(TINY), "--summary", str(summary), "--junit", str(junit)]) == 0
    assert summary.read_text(encoding="utf-8").startswith("### tiny for cpu: ✅ pass\n")
    cases = {(it.get("classname"), it.get("name")) for it in parse(junit).iter("testcase")}
    assert ("edgeattn.tiny for cpu.checks", "cosine") in cases


def test_golden_outputs_are_tests_too(folder: Path, tmp_path: Path) -> None:
    summary, junit = tmp_path / "summary.md", tmp_path / "junit.xml"
    assert main(["validate", str(folder), "--summary", str(summary), "--junit", str(junit)]) == 0
    assert "8 of 8 golden outputs right" in summary.read_text(encoding="utf-8")
    assert len(list(parse(junit).iter("testcase"))) == 8


def test_a_report_that_is_there_is_written_without_the_model(folder: Path, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    assert main(["report", str(folder), "--junit", str(junit)]) == 0
    assert len(list(parse(junit).iter("testcase"))) > 4


@pytest.mark.parametrize("option", ["--summary", "--junit"])
def test_a_place_that_is_none_is_refused_before_any_work(
    folder: Path, option: str, refused: Callable[..., str]
) -> None:
    assert f"{option} {folder / 'none' / 'x'}: " in refused("report", folder, option, folder / "none" / "x")
    assert f"{option} {folder}: " in refused("validate", folder, option, folder)
    assert "--trace" in refused("validate", folder, TINY, "--trace", option, folder.parent / "x")
