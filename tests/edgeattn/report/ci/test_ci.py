"""What continuous integration reads of a report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
import xmlschema

from edgeattn.bundle import Bundle
from edgeattn.report.ci import Finding, findings, golden_summary, junit, summary
from edgeattn.report.ci.summary import plain, table
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.report import Report
from edgeattn_runtime.bundle.golden import GoldenResult

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))
FEW = Check("cosine_min", 0.99, 0.98, False, decided=False, share=0.8, needed=118)
FAILED = Check("latency_ms", 3.2, 3.0, False)


def test_each_check_edge_case_promise_and_device_is_a_test(report: Report, bundle: Bundle) -> None:
    wrong = EdgeCase("left padding", ok=False, error=1.3, reason="error of int8 1.3")
    told = replace(report, checks=(*report.checks, FAILED, FEW), edge_cases=(*report.edge_cases, wrong))
    found = findings(told, bundle.manifest)
    text = junit({"sentence for cpu": found}, {"machine": str(report.machine)})
    SCHEMA.validate(text.decode())
    cases = {(it.get("classname"), it.get("name")): it for it in fromstring(text).iter("testcase")}
    checks, edges = (f"edgeattn.sentence for cpu.{kind}" for kind in ("checks", "edge cases"))
    assert cases[checks, "cosine"].find("failure") is None
    failure = cases[checks, "latency_ms"].find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.text) == ("fail", failure.get("message"))
    assert "3.2 measured, at most 3 ms required" in (failure.text or "")
    undecided = cases[checks, "cosine_min"].find("failure")
    assert undecided is not None
    assert undecided.get("type") == "undecided"
    assert "118 would do" in (undecided.text or "")
    assert cases[edges, "left padding"].find("failure") is not None
    assert cases[edges, "sequence 512"].find("skipped") is not None
    assert any(kind == "edgeattn.sentence for cpu.promises" for kind, _ in cases)
    (device,) = (case for (kind, _), case in cases.items() if kind == "edgeattn.sentence for cpu.devices")
    assert device.find("failure") is not None
    suite = fromstring(text).find("testsuite")
    assert suite is not None
    failures = sum(case.find("failure") is not None for case in cases.values())
    assert (suite.get("tests"), suite.get("failures")) == (str(len(cases)), str(failures))


def test_cases_of_one_name_are_told_apart() -> None:
    twice = (Finding("edge cases", "batch 3", "pass"), Finding("edge cases", "batch 3", "fail", "why"))
    text = junit({"a.b for cpu": twice}, {})
    SCHEMA.validate(text.decode())
    names = [it.get("name") for it in fromstring(text).iter("testcase")]
    assert names == ["batch 3", "batch 3 (2)"]
    assert b'classname="edgeattn.a_b for cpu.edge cases"' in text  # the last dot ends a package's name


def test_names_are_words_and_no_markup() -> None:
    hostile = "</testcase><&\"'"
    text = junit({hostile: (Finding(hostile, hostile, "fail", hostile),)}, {hostile: hostile})
    SCHEMA.validate(text.decode())
    assert next(fromstring(text).iter("testcase")).get("name") == hostile


@pytest.mark.parametrize(
    "wrong",
    [
        b'<testsuites name="a" tests="1" failures="0" errors="0" time="0"/>',
        b"<testsuite/>",
    ],
)
def test_the_schema_can_refuse(wrong: bytes) -> None:
    assert not SCHEMA.is_valid(wrong.decode())


def test_a_summary_tells_verdict_checks_figures_and_notes(report: Report) -> None:
    text = summary(report)
    for line in (
        "### sentence for cpu: ✅ pass",
        "| `cosine` | 0.99340 | 0.99210 | at least 0.99 | ✅ pass |",
        "| Size, MB | 90.3 | 90.3 | 22.9 |",
        "| Latency, ms, p50 | 16.0 | 9.00 | 3.20 |",
        "| Speedup, p50 | 1.00x | 1.78x | 5.00x |",
        "Edge cases: 1 of 1 right, the largest error 0.13300.",
        "- Int8 is not faster here: encoder.0.output is too small.",
    ):
        assert line in text.splitlines()


def test_a_bundle_of_kernels_has_both_ways_in_its_summary(two_ways: Report) -> None:
    lines = summary(two_ways).splitlines()
    for line in (
        "| Without kernels, p50 |  |  | 5.60 |",
        "| Without kernels, speedup |  |  | 2.86x |",
        "| without kernels, worst sample |  |  | 0.97310 |",
    ):
        assert line in lines


def test_what_fails_is_named(report: Report) -> None:
    wrong = EdgeCase("left padding", ok=False, reason="cosine 0.3")
    few = Check("cosine_min", 0.99, 0.98, False, decided=False, share=0.8, needed=118)
    failed = replace(report, checks=(few,), edge_cases=(wrong,), latency_ms=None)
    text = summary(failed)
    assert "❌ **fail**" in text.splitlines()[0]
    assert "- ❌ left padding: cosine 0.3" in text
    assert "undecided" in text
    assert "Latency" not in text


def test_golden_outputs_are_told_in_short() -> None:
    results = (GoldenResult(0, "y", 0.02, 0.1, ok=True), GoldenResult(1, "y", 0.2, 0.1, ok=False))
    assert golden_summary("tiny", results) == (
        "### tiny: ❌ **fail**\n\n1 of 2 golden outputs right, the largest error 0.20000 of their spread.\n"
    )


def test_a_name_is_no_markup_no_link_and_no_mention() -> None:
    assert plain("a|b\n<script> `*_[x](y) @me") == r"a\|b &lt;script&gt; \`\*\_\[x\](y) @<!-- -->me"
    assert "://" not in plain("https://a.b")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("mit\x1b]0;owned\x07\x1b[2J", r"mit\\x1b\]0;owned\\x07\\x1b\[2J"),
        ("www.evil.example", "www<!-- -->.evil.example"),
        ("GH-1", "GH-<!-- -->1"),
        ("owner/name#12", r"owner/name\#<!-- -->12"),
        ("0123456789abcdef", "012345<!-- -->6789ab<!-- -->cdef"),
        ("f" * 64, "f" * 64),  # a sha256 is no commit's
        ("MiniLM-L6", "MiniLM-L6"),
    ],
)
def test_a_name_is_no_command_and_no_link(name: str, shown: str) -> None:
    assert plain(name) == shown


def test_a_table_is_one() -> None:
    assert list(table(("a", ">b"), [("1", "2")])) == ["| a | b |", "| --- | ---: |", "| 1 | 2 |"]
