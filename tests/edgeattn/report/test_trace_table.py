from __future__ import annotations

import json

import pytest
from rich.console import Console

from edgeattn.judge.trace.module_error import Step, by_module
from edgeattn.report import trace_table
from edgeattn.report.trace_picture import trace_svg
from edgeattn.report.trace_table import percent, trace_json, trace_parts
from edgeattn.results.trace import BundleTrace, Departure, SampleError, Trace


def at(introduced: float, accumulated: float = 0.0, *, rounds: bool = True) -> Departure:
    worst = (SampleError("12 padded", 2 * introduced), SampleError("3", introduced))
    return Departure(introduced, accumulated, rounds, worst)


def exact(introduced: float) -> Departure:
    return at(introduced, rounds=False)


@pytest.fixture
def traced() -> BundleTrace:
    steps = [
        Step("layer.query", exact(1e-7), at(0.011, 0.02)),
        Step("layer.key", exact(0.0), at(0.01)),
        Step("layer.norm", exact(2e-7), exact(0.05)),
        Step("", exact(0.004), exact(0.0)),
        Step("layer.value", exact(0.0), at(0.08), merged=True),
        Step("layer.gelu", exact(0.0), exact(0.0009)),
        Step("layer.query", exact(0.0), at(0.009)),
        Step("layer.last", exact(0.0), None),
    ]
    return BundleTrace("cpu", Trace(by_module(steps), 64))


def printed(traced: BundleTrace) -> str:
    console = Console(width=140, record=True, highlight=False, markup=False)
    for part in trace_parts("tiny", traced):
        console.print(part)
    return console.export_text()


def test_what_adds_more_than_it_may_is_first(traced: BundleTrace) -> None:
    modules = [error.module for error in traced.trace.modules]
    # in float 50 times and 4 times 0.1 %; in integers twice what is 4 times the median of those not merged
    assert modules[:3] == ["layer.norm", "", "layer.value"]
    assert [round(error.excess, 2) for error in traced.trace.modules] == [50, 4, 2, 0.27, 0.25, 0.9, 0]
    assert modules[3:] == ["layer.query", "layer.key", "layer.gelu", "layer.last"]  # by what they introduce
    assert [error.faults for error in traced.trace.modules if error.faults] == [("int8",), ("float",)]


def test_the_table_names_what_is_wrong_before_all(traced: BundleTrace) -> None:
    text = printed(traced)
    assert "tiny for cpu, traced on 64 inputs" in text
    assert "layer.norm: the int8 graph computes this in float, and not as PyTorch does" in text
    assert "(the model): the float graph computes this in float, and not as PyTorch does" in text
    rows = [line for line in text.splitlines() if line.startswith("layer.query")]
    told = "layer.query 1.1 % 2 % 0 % 12 padded, 3"
    assert [" ".join(row.split()) for row in rows] == [told]
    assert "layer.value (in one with the next)" in text
    assert "with less" not in text


def test_the_table_counts_the_modules_that_it_leaves_out(
    traced: BundleTrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_table, "SHOWN_MODULES", 5)
    text = printed(traced)
    assert "and 2 modules with less" in text
    assert "layer.gelu" not in text


def test_the_json_has_every_module(traced: BundleTrace) -> None:
    table = json.loads(trace_json("tiny", traced, ("a note",)))
    assert (table["model"], table["target"], table["inputs"], table["notes"]) == (
        "tiny",
        "cpu",
        64,
        ["a note"],
    )
    assert [row["module"] for row in table["modules"]][:2] == ["layer.norm", ""]
    assert table["modules"][0]["in_int8"]["worst"][0] == {"sample": "12 padded", "introduced": 0.1}
    assert table["modules"][0]["faults"] == ["int8"]
    assert table["modules"][-1]["in_int8"] is None


def test_the_picture_is_the_same_every_time(traced: BundleTrace) -> None:
    picture = trace_svg(traced.trace)
    assert picture == trace_svg(traced.trace)
    assert picture.startswith(b"<?xml")
    assert b"<svg" in picture


def test_percentages_have_two_digits() -> None:
    assert [percent(error) for error in (1.234, 0.0816, 0.00052, 1e-6, 0)] == [
        "120 %",
        "8.2 %",
        "0.052 %",
        "0 %",
        "0 %",
    ]
