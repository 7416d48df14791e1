from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import replace

import pytest

from edgeattn.report.files import Provenance, report_files
from edgeattn.report.pareto import pareto_svg
from edgeattn.results.report import MEASURED, Report

TOLD = {"trials": "Tried recipes", "notes": "Notes", "refused": "Left as it is", "devices": "Devices"}


@pytest.mark.parametrize("empty", TOLD)
def test_what_there_is_not_is_not_spoken_of(report: Report, empty: str) -> None:
    told = TOLD[empty]
    assert told in report_files(report, {}, Provenance())["report.html"].decode()
    files = report_files(replace(report, **{empty: ()}), {}, Provenance())
    assert told not in files["report.html"].decode()
    assert ("pareto.svg" in files) == (empty != "trials")


def test_a_bundle_gets_the_report_in_all_its_forms_and_the_recipes(report: Report) -> None:
    files = report_files(report, {"recipes/01-dynamic-int8.json": b"{}"}, Provenance())
    assert list(files) == ["report.json", "report.html", "pareto.svg", "recipes/01-dynamic-int8.json"]
    assert Report.from_json(files["report.json"].decode()) == report
    assert files["pareto.svg"] == pareto_svg(report)


def test_a_draft_draws_nothing(report: Report) -> None:
    files = report_files(replace(report, draft=True), {}, Provenance())
    assert list(files) == ["report.json", "report.html"]


def test_a_sample_that_is_drawn_stands_in_the_page_and_beside_it(report: Report) -> None:
    drawn = b'<svg xmlns="http://www.w3.org/2000/svg"></svg><script>document.title="pwned"</script>\xff'
    files = report_files(report, {}, Provenance(), example=drawn)
    assert files["example.svg"] == drawn
    html = files["report.html"].decode()
    assert "<script" not in html
    (source,) = re.findall(r'<img class="picture" src="data:image/svg\+xml;base64,([^"]*)" alt="A real', html)
    assert b64decode(source) == drawn
    assert (
        "A sample, and what both make of it"
        not in report_files(report, {}, Provenance())["report.html"].decode()
    )


def test_what_another_machine_would_change_is_called_measured(report: Report) -> None:
    table = json.loads(report.to_json())
    assert set(MEASURED) <= table.keys()
    assert set(table["measured"]) == {name for name in MEASURED if table[name]}
