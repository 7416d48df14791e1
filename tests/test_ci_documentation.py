"""The workflows in docs/ci.md are YAML, and their commands are edgeattn's."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from edgeattn.commands.app import command_line

TEXT = (Path(__file__).parents[1] / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
GITHUB, GITLAB = (yaml.safe_load(block) for language, block in BLOCKS if language == "yaml")


def _scripts() -> Iterator[str]:
    for step in GITHUB["jobs"]["bundle"]["steps"]:
        yield step.get("run", "")
    yield from GITLAB["bundle"]["script"]
    yield from (block for language, block in BLOCKS if not language)


def _commands() -> list[str]:
    joined = "\n".join(_scripts()).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.startswith("edgeattn ")]


def test_there_are_commands() -> None:
    assert len(_commands()) == 5


@pytest.mark.parametrize("line", _commands())
def test_the_commands_of_the_workflows_are_commands(line: str) -> None:
    _, name, *arguments = shlex.split(line, comments=True)
    command = get_command(command_line()).commands[name]  # type: ignore[attr-defined]
    context = command.make_context(name, arguments, resilient_parsing=False)
    assert context.params
    assert not context.args


def _steps() -> list[dict[str, Any]]:
    return list(GITHUB["jobs"]["bundle"]["steps"])


def test_each_step_runs_or_uses_one_thing() -> None:
    assert all(("run" in step) != ("uses" in step) for step in _steps())
    assert all(re.fullmatch(r"actions/[\w/-]+@v\d+", step["uses"]) for step in _steps() if "uses" in step)


def test_what_is_kept_lies_where_it_is_looked_for() -> None:
    saved, restored = (
        next(step["with"] for step in _steps() if step.get("uses", "").startswith(f"actions/cache/{verb}"))
        for verb in ("save", "restore")
    )
    assert saved["path"] == restored["path"]  # GitHub's cache knows an entry by its path too
    assert saved["key"].startswith(restored["restore-keys"])
    assert GITHUB[True].keys() == {"push", "pull_request"}  # YAML takes "on" for a truth
