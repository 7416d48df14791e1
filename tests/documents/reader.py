"""A reader of a page: runs its commands, in order, in a fresh checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from commands import ROOT, commands
from not_run import why_not_run

LONGEST = 1800  # seconds of one command: an export beside other work takes ten minutes


def lines(page: Path) -> list[str]:
    """Return what of a page's blocks a test runs, a line each."""
    given = [command.parts for command in commands(page) if command.in_block]
    run = [[part for part in parts if why_not_run(part) is None] for parts in given]
    return [" && ".join(parts) for parts in run if parts]


def check_out(folder: Path) -> None:
    """Copy all that git knows of the working tree, or would with the next commit."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for file in filter(None, files):
        if (ROOT / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, folder / file)


def run(line: str, folder: Path, **environment: str) -> None:
    """Run a line as a shell does; it must end with 0."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
