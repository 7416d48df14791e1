"""Folders in TMPDIR: gone with their process, also where it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from edgeattn_export.graph import temporary
from edgeattn_export.graph.temporary import process_folder, temporary_folder

HOLDS = """
from edgeattn_export.graph.temporary import temporary_folder
with temporary_folder() as folder:
    print(folder, flush=True)
    input()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A TMPDIR of this test's, in which this process has no folder yet."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(temporary, "_made", temporary._made.__wrapped__)
    return tmp_path


def _holding(place: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that holds a folder there, until it reads a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS],
        env={**os.environ, "TMPDIR": str(place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_a_folder_goes_at_its_end_and_all_at_the_process_s(place: Path) -> None:
    with temporary_folder() as folder:
        (folder / "x").write_text("x")
        assert place in folder.parents
    assert not folder.exists()
    process, folder = _holding(place)
    process.communicate("\n")
    assert process.returncode == 0
    assert not folder.parent.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_what_a_killed_process_left_is_removed_and_what_another_holds_is_not(place: Path) -> None:
    running, held = _holding(place)
    killed, stray = _holding(place)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert stray.is_dir()
    assert process_folder().parent == place
    assert not stray.parent.exists()
    assert held.is_dir()
    running.communicate("\n")


def test_a_user_s_own_folder_is_left(place: Path) -> None:
    own = place / "edgeattn-process-results"
    own.mkdir()
    (place / "edgeattn-process-12345678").symlink_to(own)
    process_folder()
    assert own.is_dir()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no process forks here")
def test_a_forked_child_leaves_its_parent_s(tmp_path: Path) -> None:
    script = """
import os, sys
from edgeattn_export.graph.temporary import process_folder
folder = process_folder()
child = os.fork()
if child == 0:
    assert process_folder() != folder
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
assert folder.is_dir()
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    assert not list(tmp_path.iterdir())
