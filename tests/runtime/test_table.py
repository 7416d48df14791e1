"""The table of the runtimes: what it runs, what it counts, and that it can disagree."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RUNTIME = Path(__file__).parents[2] / "runtime"
BUNDLE = "file-extra.edge"  # refused, by readers that can list a folder

Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Ran]:
    """Run the table over one case and programs that print the given lines."""
    folder = tmp_path / "runtime" / "conformance"
    folder.mkdir(parents=True)
    for file in ("table.py", "answers.py", "make.py"):
        shutil.copy(RUNTIME / "conformance" / file, folder)
    cases = json.loads((RUNTIME / "conformance" / "build" / "cases.json").read_text("utf-8"))
    (tmp_path / "cases.json").write_text(json.dumps([case for case in cases if case["bundle"] == BUNDLE]))

    def run(*options: str, **printed: str) -> Ran:
        for name, lines in printed.items():
            program = tmp_path / "runtime" / name / "conformance"
            program.parent.mkdir()
            program.write_text(f"#!/bin/sh\ncat << 'END'\n{lines}\nEND\n")
            program.chmod(0o755)
        command = [sys.executable, "-B", folder / "table.py", "--folder", tmp_path, *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def _line(found: str, **changed: Any) -> str:
    line = {"bundle": BUNDLE, "what": "open", "agrees": True, "expected": "refused", "found": found}
    return json.dumps({**line, "max_abs": None, "cosine": None, "seconds": 0.01, **changed})


@pytest.mark.parametrize("found", ["refused", "BundleError", "cannot list"])
def test_all_agree(found: str, table: Callable[..., Ran]) -> None:
    result = table(cpp=_line(found))
    assert result.returncode == 0
    head, row = result.stdout.splitlines()
    assert head.startswith("runtime")
    assert row.split()[:4] == ["cpp", "1", "of", "1"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        _line("accepted"),  # whatever a program thinks of itself
        _line("InputError", expected="InputError"),
        _line("refused", agrees=False),
        _line("refused", bundle="good.edge"),
        "no JSON",
        "[]",
    ],
)
def test_what_does_not_agree_is_listed(line: str, table: Callable[..., Ran]) -> None:
    result = table(cpp=line, web=_line("refused"))
    assert result.returncode == 1
    summary, detail = result.stdout.split("\n\n")[:2]
    assert [row.split()[:4] for row in summary.splitlines()[1:]] == [
        ["cpp", "0", "of", "1"],
        ["web", "1", "of", "1"],
    ]
    _, row = detail.splitlines()
    assert row.split()[:4] == [BUNDLE, "open", "cpp", "NO"]


def test_a_program_that_fails_is_told_of(table: Callable[..., Ran]) -> None:
    result = table(cpp=f"{_line('refused')}\nEND\necho no compiler >&2\nexit 3\n")
    assert result.returncode == 1
    assert "cpp: exit code 3: no compiler" in result.stdout


def test_json_holds_every_answer_of_those_asked_for(table: Callable[..., Ran]) -> None:
    result = table("--json", "web", cpp=_line("accepted"), web=_line("refused"))
    assert result.returncode == 0
    (runtime,) = json.loads(result.stdout)
    assert runtime["runtime"] == "web"
    assert [(row["bundle"], row["agrees"]) for row in runtime["answers"]] == [(BUNDLE, True)]


@pytest.mark.parametrize(
    ("arguments", "ran"),
    [((), ["cpp", "web-node", "web-page"]), (("cpp",), ["cpp"]), (("web",), ["web-node", "web-page"])],
)
def test_a_runtime_is_asked_for_by_its_name_or_its_language(
    arguments: tuple[str, ...], ran: list[str], table: Callable[..., Ran], tmp_path: Path
) -> None:
    table(cpp=_line("refused"))
    for variant in ("node", "page"):
        program = tmp_path / "runtime" / "web" / f"conformance-{variant}"
        program.parent.mkdir(exist_ok=True)
        shutil.copy(tmp_path / "runtime" / "cpp" / "conformance", program)
    assert [each["runtime"] for each in json.loads(table("--json", *arguments).stdout)] == ran


def test_python_agrees_with_every_case() -> None:
    command = [sys.executable, RUNTIME / "conformance" / "table.py", "python", "--all"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert "wordpiece.edge prepare 0" in result.stdout
