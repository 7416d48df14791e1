from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from edgeattn.report.table import show
from edgeattn.sweep.line import Line, table_parts
from edgeattn.sweep.page import page
from edgeattn.sweep.row import Outcome, Row

Outcomes = dict[Row, Outcome]


def test_the_page_is_one_file_that_fetches_nothing(lines: list[Line], outcomes: Outcomes) -> None:
    html = page(lines, outcomes)
    assert not re.search(r"<script|<svg|https?://|src=\"(?!data:image/svg)|@import", html)
    assert html.count("<img") == 1
    assert "content=\"default-src 'none'; " in html
    _Balanced().feed(html)


def test_the_page_tells_every_row_and_what_it_misses(lines: list[Line], outcomes: Outcomes) -> None:
    html = page(lines, outcomes)
    assert "2 of 4" in html
    assert "cosine is 0.99340, at least 0.999 required" in html
    assert "&lt;b&gt;.py: forward decides by values" in html
    assert "ms, cpu on pi4" in html
    assert "cosine=0.999, size_mb=24" in html


def test_as_many_models_as_devices_are_both_counted(lines: list[Line], outcomes: Outcomes) -> None:
    html = page(lines, outcomes)
    assert "<dd>2</dd><dt>models</dt>" in html
    assert "<dd>2</dd><dt>devices</dt>" in html


def test_the_same_rows_make_the_same_page(lines: list[Line], outcomes: Outcomes) -> None:
    assert page(lines, outcomes) == page(lines, outcomes)


def test_a_sweep_without_any_report_has_a_page(lines: list[Line], outcomes: Outcomes) -> None:
    row, outcome = list(outcomes.items())[-1]
    html = page([Line.of(1, row, outcome)], {row: outcome})
    assert "0 of 1" in html
    assert "<img" not in html


def test_the_table_names_places_only_where_they_differ(
    lines: list[Line], capsys: pytest.CaptureFixture[str]
) -> None:
    show(table_parts(lines), width=120)
    told = capsys.readouterr().out
    head = told.split("\n")[1].split()
    assert head == ["Model", "Budget", "Device", "R²", "worst", "ms", "MB", "speedup"]
    assert re.search(r"2 +sentence +cosine=0\.99 +pi4 +pass +0\.98680 +0\.96120 +12\.4 +22\.9 +5\.00x", told)
    assert "3  sentence: cosine is 0.99340" in told
    assert "For cpu." in told


def test_a_narrow_terminal_hides_no_budget(lines: list[Line], capsys: pytest.CaptureFixture[str]) -> None:
    without = [replace(line, speedup=None) for line in lines]
    show(table_parts(without), width=80)
    told = capsys.readouterr().out
    assert "speedup" not in told
    assert "…" not in told
    assert "cosine=0.999" in told


class _Balanced(HTMLParser):
    """Fails where elements do not close in order."""

    void = frozenset({"meta", "br", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.void and tag not in {"td", "tr", "th", "dd", "dt"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.void and tag not in {"td", "tr", "th", "dd", "dt"}:
            assert self.open.pop() == tag
