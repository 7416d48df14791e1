"""The Swift package: every conformance case, links, the JSON of bench."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from edgeattn_runtime import generate
from edgeattn_runtime.bench import bench
from edgeattn_runtime.machine import Machine

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance"


def _run(*command: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def test_every_conformance_case_agrees(programs: Path) -> None:
    cases = json.loads((CONFORMANCE / "cases.json").read_text("utf-8"))
    asked = sum(
        1 + sum(len(case.get(key, ())) for key in ("calls", "generate", "prepare", "labels"))
        for case in cases
    )
    done = _run(programs / "Conformance", CONFORMANCE)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == asked
    assert [answer for answer in answers if not answer["agrees"]] == []


def test_a_bundle_whose_links_leave_it_is_refused(programs: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "linked.edge"
    shutil.copytree(CONFORMANCE / "good.edge", bundle)
    (bundle / "model.onnx").rename(tmp_path / "model.onnx")
    (bundle / "model.onnx").symlink_to(tmp_path / "model.onnx")
    done = _run(programs / "edgeattn-swift", "describe", bundle)
    assert done.returncode == 2
    assert "a link that leaves the folder" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("hidden", [".hidden", "folder/.hidden"])
def test_a_hidden_file_is_refused(programs: Path, tmp_path: Path, hidden: str) -> None:
    bundle = tmp_path / "hiding.edge"
    shutil.copytree(CONFORMANCE / "good.edge", bundle)
    (bundle / hidden).parent.mkdir(exist_ok=True)
    (bundle / hidden).write_text("here")
    assert "not listed" in _run(programs / "edgeattn-swift", "describe", bundle).stderr


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"schema": 2,', '"schema": 2, "schema": 2,', "stands twice"),
        ('"schema": 2,', '"schema": 2, "sch\\u0065ma": 2,', "stands twice"),
        ("\n}\n", ",\n}\n", "a comma before an end"),
        ('"schema"', '\ufeff"schema"', "not valid JSON"),
        ('"samples": 4', '"samples": 9007199254740992', "2^53 - 1"),
        ('"samples": 4', '"samples": 4.5', "not valid JSON"),
        ('"max": null', '"least": null', "missing"),
        ('"name": "tiny"', '"name": "ti\\u0007ny"', "a printable text"),
        ('"name": "tiny"', '"name": ""', "a printable text"),
        ('"name": "tiny"', '"name": "\\ud800"', "not valid JSON"),
    ],
)
def test_json_that_foundation_would_take_is_refused(
    programs: Path, tmp_path: Path, old: str, new: str, why: str
) -> None:
    bundle = tmp_path / "odd.edge"
    shutil.copytree(CONFORMANCE / "good.edge", bundle)
    manifest = bundle / "manifest.json"
    text = manifest.read_text("utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new, 1) if old != "\n}\n" else text[: -len(old)] + new, "utf-8")
    done = _run(programs / "edgeattn-swift", "describe", bundle)
    assert done.returncode == 2
    assert why in done.stderr
    assert done.stderr.count("\n") == 1


def test_nested_too_deep_is_refused(programs: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "deep.edge"
    bundle.mkdir()
    (bundle / "manifest.json").write_text("[" * 500_000)
    done = _run(programs / "edgeattn-swift", "describe", bundle)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_bench_writes_what_pythons_does(programs: Path) -> None:
    bundle = CONFORMANCE / "good.edge"
    done = _run(programs / "edgeattn-swift", "bench", bundle, "1", "2")
    table = json.loads(done.stdout)
    ours = bench(bundle, threads=(1, 2), rounds=1, warmup=0).to_table()
    assert [run["threads"] for run in table["runs"]] == [1, 2]
    assert all(result["ok"] for result in table["golden"])
    assert table["machine"]["cpu"] == Machine.here().cpu
    for each in (table, ours):
        each["machine"]["versions"] = each["machine"]["instruction_sets"] = None
    assert _kinds(table) == _kinds(json.loads(json.dumps(ours)))


def _kinds(value: object) -> object:
    """Return the same with the kind of each value in its place; a float may be written as an integer."""
    if isinstance(value, dict):
        return {key: _kinds(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_kinds(each) for each in value]
    return "number" if type(value) in (int, float) else type(value).__name__


def test_generation_is_pythons(programs: Path) -> None:
    bundle = CONFORMANCE / "decoder.edge"
    done = _run(
        programs / "edgeattn-swift", "generate", bundle, "1,2", "70"
    )  # beyond the cache's first block
    tokens = list(generate(bundle, [1, 2], max_new_tokens=70))
    assert [int(line) for line in done.stdout.split()] == tokens
