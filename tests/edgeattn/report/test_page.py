from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from edgeattn.judge.budget import Check
from edgeattn.report.files import report_files
from edgeattn.report.page import page
from edgeattn.report.pareto import pareto_svg
from edgeattn.report.report import Layer, Refusal, Report

VOID = {"meta", "path", "use"}  # without an end, in HTML or in a drawing


class _Reader(HTMLParser):
    """Checks that elements end as they began, and keeps the words that a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data.split()


def read(html: str) -> str:
    return " ".join(_Reader(html).words)


def test_the_page_tells_what_the_report_says(report: Report) -> None:
    words = read(report_files(report, {}, tolerance=0.9968, source="ab12")["report.html"].decode())
    for told in (
        "sentence pass Int8 for cpu, calibrated on 60 real samples, judged on 180 others against PyTorch.",
        "PyTorch. Recipe: dynamic-int8.",
        "5.00 x as fast as PyTorch 22.9 MB of 90.3 MB 0.98470 cosine of the worst sample",
        "cosine cosine, mean over the judged samples 0.99340 at least 0.99 pass",
        "size_mb size of the graph with its weights 22.9 at most 24 MB pass",
        "Notes Int8 is not faster here: encoder.0.output is too small.",
        "p50 p90 p99 PyTorch 16.0 32.0 48.0 float 9.00 18.0 27.0 int8 3.20 6.40 9.60",
        "Latency of 384 calls on 32 samples, 1 thread; median batch 1, sequence 30",
        "PyTorch 90.3 MB float 90.3 MB int8 22.9 MB Memory of a process that runs int8: 51.1 MB.",
        "Largest difference of any number 0.036",
        "01 dynamic-int8 (chosen) 0.99400 0.98500 3.10 22.9",
        "02 smoothed 0.99900 0.99800 3.40 22.9",
        "recipes/01-dynamic-int8.json",
        "Tried and beaten: 1 more; see report.json.",
        "Operators DynamicQuantizeMatMul 24, Attention 6 Fused attention 6",
        "projections encoder.0 the inputs differ: [a] and [b]",
        "encoder.0.attention.query int8 0.99980 (the model) float not measured",
        "Golden outputs a cosine of at least 0.9968 to PyTorch on every device",
        "Source, sha256 ab12 Made with edgeattn",
    ):
        assert told in words


def test_the_page_needs_nothing_but_itself(report: Report) -> None:
    html = report_files(report, {})["report.html"].decode()
    assert "http" not in html
    assert "<script" not in html
    assert "@import" not in html
    links = re.findall(r'(?:src|href)="([^"]*)"|url\(([^)]*)\)', html)
    assert links
    assert all("".join(link).startswith("#") for link in links)


def test_a_table_too_wide_for_its_reader_scrolls_in_a_box_of_its_own(report: Report) -> None:
    html = page(report, picture=None, facts={})
    assert html.count("<table") == html.count('<div class="scroll"><table') > 3


def test_bars_are_told_apart_by_words_that_hold_in_the_dark_too(report: Report) -> None:
    assert "Full color to p50, fainter to p90, faintest to p99." in read(page(report, picture=None, facts={}))


def test_a_failed_check_is_told_first(report: Report) -> None:
    failed = replace(report, checks=(Check("latency_ratio", 2.5, 3.0, False),))
    words = read(page(failed, picture=None, facts={}))
    assert words.startswith("sentence for cpu: fail sentence fail")
    assert "latency_ratio times as fast as the original 2.5 at least 3 x fail" in words


def test_names_are_words_and_no_markup(report: Report) -> None:
    hostile = "<script>alert('&')</script>-->"
    told = replace(
        report,
        model=hostile,
        recipe=hostile,
        notes=(hostile,),
        layers=(Layer(hostile, hostile, None),),
        refused=(Refusal(hostile, hostile, hostile, hostile),),
        trials=tuple(replace(line, name=hostile) for line in report.trials),
        original=hostile,
    )
    html = page(told, picture=pareto_svg(told), facts={hostile: hostile})
    assert "<script" not in html
    assert read(html).count(hostile) > 10


def test_layers_stand_with_the_worst_first(report: Report) -> None:
    layers = tuple(Layer(name, "int8", cosine) for name, cosine in (("a", 0.9), ("b", None), ("c", 0.8)))
    words = read(page(replace(report, layers=layers), picture=None, facts={}))
    assert "c int8 0.80000 a int8 0.90000 b int8 not measured" in words


def test_the_longest_bar_is_the_slowest_call(report: Report) -> None:
    html = page(report, picture=None, facts={})
    assert re.findall(r'style="width: ([\d.]+)%', html)[:6] == [
        "100.0",
        "66.67",
        "33.33",
        "56.25",
        "37.5",
        "18.75",
    ]


@pytest.mark.parametrize("empty", ["trials", "notes", "refused"])
def test_what_there_is_not_is_not_spoken_of(report: Report, empty: str) -> None:
    told = {"trials": "What was tried", "notes": "Notes", "refused": "Left as it is"}[empty]
    assert told in read(report_files(report, {})["report.html"].decode())
    files = report_files(replace(report, **{empty: ()}), {})
    assert told not in read(files["report.html"].decode())
    assert ("pareto.svg" in files) == (empty != "trials")


def test_a_bundle_gets_the_report_in_all_its_forms_and_the_recipes(report: Report) -> None:
    files = report_files(report, {"recipes/01-dynamic-int8.json": b"{}"})
    assert list(files) == ["report.json", "report.html", "pareto.svg", "recipes/01-dynamic-int8.json"]
    assert Report.from_json(files["report.json"].decode()) == report
    assert files["pareto.svg"] == pareto_svg(report)
