"""The commands of the pages, run in order in a fresh folder as a reader runs them: ``make documents``.

The folder holds what a commit of the working tree would hold, and is where Python finds edgeattn. What a page
supposes to be there, such as another page's bundle, is made before the first command that names it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from commands import PAGES, ROOT, commands
from not_run import why_not_run
from supposed import SAME, SUPPOSED

ELSEWHERE = ("runtime/cpp", "runtime/swift")  # whose commands call compilers for minutes: tests/runtime
WRITES = (">", "-o", "--picture", "--page")  # what follows them is there afterwards
LONGEST = 600  # seconds of one command

MadeOnce = Callable[[str, Callable[[Path], object]], Path]


def _run(page: Path) -> list[str]:
    """Return what of a page's blocks is run, a line each."""
    lines = [command.parts for command in commands(page) if command.in_block]
    return [
        line for parts in lines if (line := " && ".join(part for part in parts if why_not_run(part) is None))
    ]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with all that git knows of the working tree, or would with the next commit."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for file in filter(None, files):
        if (ROOT / file).is_file():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, tmp_path / file)
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if _run(page) and not str(page.relative_to(ROOT)).startswith(ELSEWHERE)],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_commands_of_the_page_run(page: Path, checkout: Path, made_once: MadeOnce) -> None:
    for line in _run(page):
        words = shlex.split(line)
        for name in [word for before, word in pairwise(["", *words]) if before not in WRITES]:
            _suppose(name, checkout, made_once)
        if words[:2] == ["edgeattn", "serve"]:
            _serve(line, checkout)
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=checkout,
            env=_environment(checkout),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def _suppose(name: str, folder: Path, made_once: MadeOnce) -> None:
    """Put what a page supposes into a folder, where it is not there yet."""
    if (folder / name).exists() or name not in {*SUPPOSED, *SAME}:
        return
    if name in SAME:
        _suppose(SAME[name], folder, made_once)
    source = folder / SAME[name] if name in SAME else made_once(name, SUPPOSED[name])
    if source.is_dir():
        shutil.copytree(source, folder / name)
    else:
        shutil.copyfile(source, folder / name)


def _serve(line: str, folder: Path) -> None:
    """Let a server say that it serves, and end it as Ctrl-C does."""
    with subprocess.Popen(
        shlex.split(line), cwd=folder, env=_environment(folder), stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert any("until Ctrl-C" in said for said in server.stdout), line
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)
    assert server.returncode == 0, line


def _environment(checkout: Path) -> dict[str, str]:
    """Return an environment in which Python finds edgeattn in the folder."""
    places = (checkout, checkout / "export", checkout / "runtime" / "python")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places)), "PYTHONUNBUFFERED": "1"}
