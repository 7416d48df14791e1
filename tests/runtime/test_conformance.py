"""Every case of cases.json holds, and make.py writes the bundles whose digests are recorded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import make
import pytest
from answers import questions
from lines import lines as lines_of

RUNTIME = Path(__file__).parents[2] / "runtime"
CONFORMANCE = RUNTIME / "conformance" / "build"
CASES: list[dict[str, Any]] = json.loads((CONFORMANCE / "cases.json").read_text("utf-8"))


def test_the_cases_are_of_every_bundle() -> None:
    bundles = [case["bundle"] for case in CASES]
    assert sorted(bundles) == sorted(path.name for path in CONFORMANCE.glob("*.edge"))
    assert len({case["why"] for case in CASES}) == len(CASES)


@pytest.mark.filterwarnings("ignore:text")  # those that are cut
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["bundle"])
def test_case(case: dict[str, Any]) -> None:
    lines = list(lines_of(case, CONFORMANCE))
    asked = {what for bundle, what in questions(CONFORMANCE) if bundle == case["bundle"]}
    assert {line["what"] for line in lines} == asked
    assert len(lines) == len(asked)
    assert [line for line in lines if not line["agrees"]] == []


@pytest.mark.parametrize(
    ("bundle", "key", "what"),
    [
        ("good.edge", "calls", "call 0"),
        ("decoder.edge", "generate", "generate 0"),
        ("processed.edge", "labels", "labels 0"),
        ("ctc.edge", "predictions", "predictions 0"),
    ],
)
def test_what_is_refused_where_an_answer_is_due_disagrees(bundle: str, key: str, what: str) -> None:
    (case,) = (case for case in CASES if case["bundle"] == bundle)
    turned = {**case, key: [{**case[key][0], "error": "InputError"}], "verdict": "refused"}
    assert {line["what"] for line in lines_of(turned, CONFORMANCE) if not line["agrees"]} == {
        "open",
        what,
    }


@pytest.mark.filterwarnings("ignore:text")
@pytest.mark.parametrize("bundle", ["wordpiece.edge", "nearest.edge"])
def test_one_number_of_thousands_that_differs_disagrees(bundle: str, tmp_path: Path) -> None:
    (case,) = (case for case in CASES if case["bundle"] == bundle)
    (entry,) = case["prepare"]
    expected = json.loads((CONFORMANCE / entry["expected"]).read_text("ascii"))
    expected[5][-1] += 1
    shutil.copytree(CONFORMANCE / bundle, tmp_path / bundle)
    shutil.copytree(CONFORMANCE / "prepare", tmp_path / "prepare")
    (tmp_path / entry["expected"]).write_text(json.dumps(expected), "ascii")
    opened, prepared, *_ = lines_of(case, tmp_path)
    assert opened["agrees"]
    assert (prepared["agrees"], prepared["max_abs"]) == (False, 1)
    assert "the first at 5" in prepared["found"]


def test_make_writes_the_recorded_bytes(tmp_path: Path) -> None:
    command = [sys.executable, make.__file__, "--to", tmp_path / "made"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert make.sums(CONFORMANCE) == (make.HERE / make.SUMS).read_text("utf-8")
