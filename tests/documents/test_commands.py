"""Every command of the pages is one: its verb, options, targets and files exist, whether it is run or not."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest
from commands import PAGES, ROOT, Command, commands
from not_run import NOT_RUN
from typer.main import get_command

from edgeattn.commands.app import command_line

ALL = [command for page in PAGES for command in commands(page)]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
OTHERS = {  # which are not this project's
    *(
        "adb",
        "apt-get",
        "arecord",
        "cd",
        "cmake",
        "ctest",
        "dask",
        "docker",
        "echo",
        "edgeattn-run",
        "export",
        "for",
        "gradle",
        "mkdir",
        "tar",
    ),
    *(
        ".",
        "git",
        "hf",
        "pytest",
        "python3",
        "scp",
        "sha256sum",
        "ssh",
        "ssh-keygen",
        "sudo",
        "swift",
        "twine",
    ),
}


@pytest.mark.parametrize("command", ALL, ids=str)
def test_the_command_is_one(command: Command) -> None:
    for part in command.parts:
        for piped in re.split(r" [|] ", part.partition(" > ")[0]):
            assert _faults(shlex.split(piped)) == []


@pytest.mark.parametrize(
    "command", [each for each in ALL if each.in_block and each.text.startswith("edgeattn ")], ids=str
)
def test_the_command_takes_its_arguments(command: Command) -> None:
    _, name, *arguments = shlex.split(command.text.partition(" > ")[0])
    context = get_command(command_line()).commands[name].make_context(name, arguments)  # type: ignore[attr-defined]
    assert context.params


def test_the_table_of_commands_that_are_not_run_holds_no_other() -> None:
    parts = [part for command in ALL if command.in_block for part in command.parts]
    assert [each for each in NOT_RUN if not any(fnmatchcase(part, each) for part in parts)] == []


def test_what_is_not_published_is_not_installed_as_if_it_were() -> None:
    paragraphs = [part for page in PAGES for part in page.read_text("utf-8").split("\n\n")]
    installing = [part for part in paragraphs if re.search(r"pip install '?edgeattn", part)]
    assert [part for part in installing if "published" not in part] == []


def test_files_that_contributing_names_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"`([\w/]+/[\w/]+\.py)`", text) + re.findall(
        r"^## .*\(([\w/.]+)\)$", text, re.MULTILINE
    )
    rooms = [ROOT, *(ROOT / room for room in ("edgeattn", "export/edgeattn_export"))]
    assert [path for path in named if not any((room / path).exists() for room in rooms)] == []


def _faults(words: list[str]) -> list[str]:
    """Return what of a command does not exist."""
    program, *rest = words
    options = [word for word in rest if re.match(r"--?[a-z]", word)]
    if program == "edgeattn":
        return _unknown(options, _verb(rest[0])) if rest else []
    if words[:2] == ["python", "-m"]:
        return _unknown(options[1:], _device_verb(rest[2])) if rest[1] == "edgeattn_runtime" else []
    if program == "python":
        scripts = [word for word in rest if word.endswith(".py")]
        gone = [script for script in scripts if not (ROOT / script).is_file()]
        return gone or _unknown(options, "".join((ROOT / script).read_text("utf-8") for script in scripts))
    if program == "make":
        names = [word.partition("=")[0] for word in rest]
        return [name for name in names if f"\n{name}:" not in MAKEFILE and f"$({name})" not in MAKEFILE]
    if program == "npm":
        scripts = json.loads((ROOT / "runtime" / "web" / "package.json").read_text("utf-8"))["scripts"]
        return [rest[1]] if rest[0] == "run" and rest[1] not in scripts else []
    if program == "pip":
        asked = [extra for word in rest for extra in re.findall(r"(?:^\.|edgeattn.*)\[([\w,]+)\]", word)]
        return [extra for extra in ",".join(asked).split(",") if extra and f"\n{extra} = [" not in PYPROJECT]
    if "/" in program:
        return _no_program(program)
    return [] if program in OTHERS else [program]


def _unknown(options: list[str], known: str) -> list[str]:
    return [option for option in options if not re.search(rf"(?<![\w-]){option}(?![\w-])", known)]


@cache
def _verb(name: str) -> str:
    """Return the options of one of the command's verbs."""
    command = get_command(command_line()).commands[name]  # type: ignore[attr-defined]
    options = (option for each in command.params for option in (*each.opts, *each.secondary_opts))
    return " ".join((*options, "--help"))


@cache
def _device_verb(name: str) -> str:
    """Return what a verb of the device says of itself."""
    run = [sys.executable, "-m", "edgeattn_runtime", name, "--help"]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout


def _no_program(path: str) -> list[str]:
    """Return a program that is not there; of one that Swift builds, a product that the package has not."""
    if "/.build/" in path:
        return [] if f'"{Path(path).name}"' in (ROOT / "Package.swift").read_text("utf-8") else [path]
    return [] if os.access(ROOT / path, os.X_OK) else [path]
