"""The two gates: their stages run what exists, and the hosted workflows call the same two scripts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CI = ROOT / ".ci"
WORKFLOWS = ROOT / ".github" / "workflows"
GATES = ("run", "nightly")
STAGE = re.compile(r"^stage (\S+) (?:\"[^\"]+\"|'[^']+') ((?:.*\\\n)*.*)$", re.MULTILINE)


def _stages(gate: str) -> dict[str, str]:
    stages = STAGE.findall((CI / gate).read_text("utf-8"))
    return dict(stages)


def _workflow(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text("utf-8")))


@pytest.mark.parametrize("gate", GATES)
def test_a_stage_runs_what_exists(gate: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    stages = _stages(gate)
    assert len(stages) == (CI / gate).read_text("utf-8").count("\nstage ")
    for command in stages.values():
        assert set(re.findall(r"make ([\w-]+)", command)) <= targets
        assert all((CI / script).is_file() for script in re.findall(r"\.ci/([\w-]+)", command))


def test_every_folder_of_tests_is_run_by_a_gate() -> None:
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    left_out = re.findall(r"^  \"(tests/[\w/*]+)\"", settings, re.MULTILINE)
    files = (ROOT / "Makefile", *(CI / name for name in (*GATES, "kernels")))
    named = "\n".join(file.read_text("utf-8") for file in files)
    assert left_out
    assert [folder for folder in left_out if folder.replace("*", "edgeattn/sweep") not in named] == []


@pytest.mark.parametrize("arguments", [["nosuch"], ["--from"], ["--from", "nosuch"], ["operators", "nosuch"]])
def test_nightly_refuses_a_stage_that_is_none(arguments: list[str]) -> None:
    command = [CI / "nightly", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    name = "" if arguments == ["--from"] else "nosuch"
    assert done.stderr.startswith(f"no stage '{name}'; there are emulated, ")


@pytest.mark.parametrize(("name", "gate"), [("check", "run"), ("nightly", "nightly")])
def test_a_workflow_calls_the_gate_as_anyone_does(name: str, gate: str) -> None:
    steps = _workflow(name)["jobs"]["linux"]["steps"]
    assert steps[-1] == {"run": f".ci/{gate}"}
    assert "run on GitHub's" in (WORKFLOWS / f"{name}.yml").read_text("utf-8")
