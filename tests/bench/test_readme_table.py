from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from protocol.stored import Entry, Failure, Result, Row, keep, read, row_of
from readme_table import MEASUREMENTS, PUBLISHED, TIMED, main

ROOT = Path(__file__).parents[2]
SHOWN = {PUBLISHED: "README.md", MEASUREMENTS / "2026-11-27-emerald-rapids.json": "docs/benchmarks.md"}
OURS = Result(
    "edgeattn", "int8", {}, None, ((2.0, 1.0, 3.0), (2.0,)), 1_500_000, (1.0, 0.5), "edgeattn, default"
)
FIXED = Result("fixed", "f32", {}, 128, ((3.0,), (5.0,), (4.0,)), 2_000_000, (), "Fixed 1.0 int8")
BROKEN = Failure("broken", "load: KeyError")


def _entries(*rows: Row) -> tuple[Entry, ...]:
    return tuple(Entry(case=case, threads=1, machine="m", date="d", rows=rows) for case in TIMED)


def _printed(file: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main([str(file)]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("results", SHOWN, ids=lambda path: path.stem)
def test_a_page_shows_what_is_printed(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(results)]) == 0
    assert capsys.readouterr().out in (ROOT / SHOWN[results]).read_text(encoding="utf-8")


def test_all_that_is_kept_is_shown() -> None:
    assert set(MEASUREMENTS.iterdir()) == set(SHOWN)


def test_the_table_is_printed_from_what_the_benchmark_keeps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cache" / "results.json"
    for entry in _entries(*map(row_of, [OURS, FIXED, BROKEN])):
        keep(file, entry)
    _, _, _, _, ours, fixed, broken, *notes = _printed(file, capsys)
    assert ours == f"| **edgeattn**, default | {'**2.00** | ' * 4}**0.7500** | **0.5000** | 1.5 |"
    assert fixed == f"| Fixed 1.0 int8 | {'4.00 (2.00) | ' * 4}| | 2.0 |"
    assert broken == "| broken | | | | | | | |"
    assert any(note.startswith("- Fixed has one graph per shape") for note in notes)


def test_a_precision_that_a_peer_chose_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = map(row_of, [OURS, FIXED])
    mixed = replace(theirs, variant="bf16", tried={"bf16": 4.0, "f32": 5.0})
    for entry in _entries(ours, mixed):
        keep(
            tmp_path / "results.json", entry if entry.case == "1x16" else replace(entry, rows=(ours, theirs))
        )
    assert "- Fixed runs 1x16 in bf16, its default on this CPU; in f32 it takes 5.00 ms." in _printed(
        tmp_path / "results.json", capsys
    )


def test_a_later_run_takes_the_place_of_the_same_case(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    first, *_ = _entries(*map(row_of, [OURS]))
    again = replace(first, date="later", rows=(row_of(FIXED),))
    for entry in (first, replace(first, threads=2), again):
        keep(file, entry)
    assert read(file) == (replace(first, threads=2), again)


def test_figures_of_several_machines_make_no_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *others = _entries(*map(row_of, [OURS]))
    for entry in (replace(first, machine="another"), *others):
        keep(tmp_path / "results.json", entry)
    assert main([str(tmp_path / "results.json")]) == 2
    assert "2 machines found, one expected" in capsys.readouterr().err


def test_a_missing_case_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nothing.json")]) == 2
    assert "no 1x16, 1x128, 8x128, stream found" in capsys.readouterr().err
