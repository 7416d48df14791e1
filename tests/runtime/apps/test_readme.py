"""The commands of the page of Swift, each run again in a package that is built, without another clang."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from commands import ROOT
from reader import lines, run

PAGE = ROOT / "runtime" / "swift" / "README.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the runtimes, as they are built, and the reference models."""
    for name in ("runtime", "models"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ``PATH`` to all that there is but clang."""
    return os.pathsep.join(
        str(_without_clang(Path(place), tmp_path_factory) if list(Path(place).glob("clang*")) else place)
        for place in filter(None, os.environ["PATH"].split(os.pathsep))
    )


@pytest.mark.parametrize("reader", ["swift"], indirect=True)
def test_the_commands_of_the_page_run(reader: object, folder: Path, path: str) -> None:
    for line in lines(PAGE):
        run(line, folder, PATH=path)


def _without_clang(place: Path, folders: pytest.TempPathFactory) -> Path:
    """Return a folder of links to the other programs of a place."""
    folder = folders.mktemp("programs")
    for program in place.iterdir():
        if "clang" not in program.name:
            (folder / program.name).symlink_to(program)
    return folder
