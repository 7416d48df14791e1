from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
import xmlschema

from edgeattn.bundle import Bundle
from edgeattn.report.ci import Finding, findings, junit
from edgeattn.results.check import Check, EdgeCase
from edgeattn.results.report import Report

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
