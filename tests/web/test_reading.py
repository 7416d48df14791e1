"""The page of a report, as it is read: by eye on any screen, by keyboard and by a screen reader."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import chromium
from served import modules

from edgeattn.report.page import View
from edgeattn.report.page import page as html_of
from edgeattn.results.check import Check
from edgeattn.results.report import Report

PHONE, DESK = 390, 1280  # px


@pytest.fixture
def page(exported: tuple[Report, Path]) -> Path:
    """The page of digits."""
    if chromium() is None:
        pytest.skip("no chromium on the PATH")
    return exported[1] / "report.html"


def read(page: Path, **options: object) -> dict[str, Any]:
    """Open a page in headless Chromium, and let axe-core look at it; see reading.mjs."""
    given = {"modules": str(modules()), "executable": chromium(), **options}
    command = ["node", str(Path(__file__).with_name("reading.mjs")), str(page), json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing(page: Path, width: int, dark: bool) -> None:
    nothing = {"found": [], "wide": False, "beside": [], "faults": [], "elsewhere": []}
    assert read(page, width=width, dark=dark) == nothing


def test_the_verdict_on_a_worst_case_is_seen_on_a_phone(
    exported: tuple[Report, Path], tmp_path: Path
) -> None:
    worst = Check("cosine_min", 0.99981, 0.998, ok=True, share=0.983)
    report = replace(exported[0], checks=(worst,))
    page = tmp_path / "worst.html"
    page.write_text(html_of(View(report=report, drawn=None, facts={})), encoding="utf-8")
    assert read(page, width=PHONE)["beside"] == []


def test_a_long_name_in_a_note_does_not_widen_a_phone(exported: tuple[Report, Path], tmp_path: Path) -> None:
    report = replace(exported[0], notes=(f"Layer '{'network.model.' * 9}q_proj' stays float.",))
    page = tmp_path / "long.html"
    page.write_text(html_of(View(report=report, drawn=None, facts={})), encoding="utf-8")
    assert not read(page, width=PHONE)["wide"]


def test_axe_can_find_something(page: Path, tmp_path: Path) -> None:
    spoiled = tmp_path / "spoiled.html"
    html = page.read_text(encoding="utf-8")
    html = html.replace('<html lang="en">', "<html>").replace("--quiet: #56606c", "--quiet: #c9d0d8")
    spoiled.write_text(html, encoding="utf-8")
    found = {each["id"] for each in read(spoiled)["found"]}
    assert {"html-has-lang", "color-contrast"} <= found


def test_it_prints(page: Path, tmp_path: Path) -> None:
    paper = tmp_path / "page.pdf"
    read(page, paper=str(paper))
    assert paper.read_bytes().startswith(b"%PDF")
