"""The commands of the pages, run as a reader runs them: ``make documents``.

Python finds edgeattn in the fresh checkout too. What a page supposes to be there, such as another page's
bundle, is made before the first command that names it.
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
from commands import PAGES, ROOT
from reader import check_out, lines, run
from supposed import SAME, SUPPOSED

COMPILERS = [ROOT / "runtime" / language / "README.md" for language in ("cpp", "swift")]  # in tests/runtime
ENDED = (0, 130)  # exit codes of what Ctrl-C ends, as docs/ci.md has them
WRITES = (">", "-o", "--picture", "--page")  # what follows them is there afterwards

MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """Return a fresh checkout."""
    check_out(tmp_path)
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if lines(page) and page not in COMPILERS],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_commands_of_the_page_run(
    page: Path, checkout: Path, made_once: MadeOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = (checkout, checkout / "export", checkout / "runtime" / "python")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, places)))
    monkeypatch.setenv("EDGEATTN_CACHE", str(made_once("cache", Path.mkdir)))  # one for all pages
    for line in lines(page):
        words = shlex.split(line)
        for name in [word for before, word in pairwise(["", *words]) if before not in WRITES]:
            _suppose(name, checkout, made_once)
        if words[:2] == ["edgeattn", "serve"]:
            _serve(words, checkout)
        else:
            run(line, checkout)


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


def _serve(words: list[str], folder: Path) -> None:
    """Let a server say that it serves, and end it as Ctrl-C does."""
    command = ["env", "--default-signal=INT", *words]  # a shell's background job ignores it
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            assert any("until Ctrl-C" in line for line in server.stdout), words
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=60)
        finally:
            server.kill()
    assert server.returncode in ENDED, words
