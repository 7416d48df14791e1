"""Answers of a device that has less than this machine: what it lacks is named, and excuses nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from answers import Device, Question, ask, questions
from lines import lines

BOARD = Device("1.21.0", ("tokenizers",))


@pytest.mark.parametrize(
    ("needed", "found", "lack"),
    [
        ("1.23", "incompatible", "onnxruntime 1.23"),
        ("1.23", "IncompatibleRuntimeError", "onnxruntime 1.23"),
        ("1.23", "refused", None),
        ("1.21", "incompatible", None),
        (None, "incompatible", None),
        ("1.21", "no tokenizers", "tokenizers"),
        ("1.21", "no cryptography", None),
    ],
)
def test_what_a_device_lacks(needed: str | None, found: str, lack: str | None) -> None:
    assert BOARD.lacks(Question(("accepted",), None, needed), found) == lack


def test_a_question_has_the_oldest_engine_of_its_manifest(conformance: Path) -> None:
    asked = questions(conformance)
    manifest = json.loads((conformance / "kernels.edge" / "manifest.json").read_text("utf-8"))
    assert asked["kernels.edge", "open"].engine == manifest["variants"][0]["engine"]["version"]
    assert asked["preferred.edge", "call 0"].engine == asked["good.edge", "open"].engine
    assert asked["manifest-cut.edge", "open"].engine is None


@pytest.mark.parametrize(("engine", "agree"), [("1.27", True), ("1.28", False)])
def test_a_device_agrees_where_it_lacks_all_else(
    engine: str, agree: bool, conformance: Path, tmp_path: Path
) -> None:
    case = "kernels.edge", "open"
    line = {"bundle": case[0], "what": case[1], "agrees": False, "found": "incompatible"}
    (tmp_path / "program").write_text(f"print({json.dumps(json.dumps(line))})")
    asked = {case: questions(conformance)[case]}
    program = [sys.executable, tmp_path / "program"]
    answers = ask("python", program, conformance, asked, Device(engine, ()))
    assert answers.agree is agree
    assert answers.answers[0].agrees is False


def test_a_package_that_is_missing_is_named(conformance: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = json.loads((conformance / "cases.json").read_text("utf-8"))
    (case,) = (case for case in cases if case["bundle"] == "wordpiece.edge")
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    opened, prepared, *_ = lines(case, conformance)
    assert (opened["found"], prepared["found"]) == ("accepted", "no tokenizers")
