"""Real processes, really killed: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeattn.sweep.files import PAGE_FILE, TABLE_FILE
from edgeattn.sweep.index import FILE

MODEL = Path(__file__).with_name("told.py")
BUDGETS = ("cosine=0.9", "cosine=0.9,size_mb=0.016")
PATIENCE = 300  # seconds, far beyond what any step takes


def test_a_sweep_killed_twice_comes_to_the_table_of_one_undisturbed(tmp_path: Path) -> None:
    undisturbed = _Sweep(tmp_path / "undisturbed")
    undisturbed.ends()
    disturbed = _Sweep(tmp_path / "disturbed")
    _hand_on_measurements(undisturbed.cache, disturbed.cache)

    host = disturbed.start()
    _wait(lambda: len(disturbed.loads()) == 2)  # one to be identified, one for its first row
    host.kill()
    host.wait()
    _wait(lambda: not any(map(_runs, disturbed.loads())))
    assert disturbed.outcomes() == 0

    host = disturbed.start()
    _wait(
        lambda: disturbed.outcomes() == 1 and len(disturbed.loads()) == 5
    )  # identified, and both rows begun
    os.kill(disturbed.loads()[-1], signal.SIGKILL)
    assert host.wait(PATIENCE) == 0, host.communicate()
    assert len(disturbed.loads()) == 6  # the second row once more

    assert disturbed.table() == undisturbed.table()
    assert disturbed.outcomes() == len(BUDGETS)
    assert len(_kinds(disturbed.cache, "sweep")) == len(BUDGETS)

    disturbed.ends()  # all is done: the model is loaded to be identified, and no row is worked on
    assert len(disturbed.loads()) == 7


def test_ctrl_c_ends_it_in_one_line_and_leaves_what_is_done(tmp_path: Path) -> None:
    sweep = _Sweep(tmp_path)
    host = sweep.start()
    _wait(lambda: len(sweep.loads()) == 2)
    os.killpg(host.pid, signal.SIGINT)  # as a terminal does, to the workers too
    printed, told = host.communicate(timeout=PATIENCE)
    assert host.returncode == 130
    assert (printed, told) == ("", "edgeattn: interrupted; nothing is left half-written\n")
    assert sorted(path.name for path in sweep.folder.iterdir()) == [FILE]
    _wait(lambda: not any(map(_runs, sweep.loads())))


class _Sweep:
    """A sweep of a tiny model by two budgets, with a cache of its own."""

    def __init__(self, root: Path) -> None:
        root.mkdir(exist_ok=True)
        self.folder, self.cache, self._log = root / "out", root / "cache", root / "loads"
        self._log.touch()

    def start(self) -> subprocess.Popen[str]:
        asked = [word for budget in BUDGETS for word in ("--budget", budget)]
        asked += ["-o", str(self.folder), "--workers", "1", "--json"]
        return subprocess.Popen(
            [sys.executable, "-m", "edgeattn", "sweep", str(MODEL), *asked],
            env={**os.environ, "EDGEATTN_CACHE": str(self.cache), "TOLD_BY": str(self._log)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ends(self) -> None:
        """Run it to its end."""
        host = self.start()
        printed, told = host.communicate(timeout=PATIENCE)
        assert (host.returncode, told) == (0, "")
        assert json.loads(printed) == json.loads((self.folder / TABLE_FILE).read_text())
        assert "<svg" in (self.folder / PAGE_FILE).read_text()

    def loads(self) -> list[int]:
        """Return which processes loaded the model, one after the other."""
        return [int(line) for line in self._log.read_text().splitlines()]

    def outcomes(self) -> int:
        """Return how many rows the index has."""
        path = f"file:{self.folder / FILE}?mode=ro&nolock=1"  # the sweep holds the lock
        with sqlite3.connect(path, uri=True) as connection:
            (count,) = connection.execute("SELECT COUNT(*) FROM outcomes").fetchone()
        connection.close()
        return int(count)

    def table(self) -> list[dict[str, Any]]:
        """Return all rows but for what is raced anew each time."""
        rows = json.loads((self.folder / TABLE_FILE).read_text())["rows"]
        return [{name: value for name, value in row.items() if name != "speedup"} for row in rows]


def _hand_on_measurements(cache: Path, to: Path) -> None:
    """Copy what searches measured, and no outcome: the same times choose the same recipes."""
    to.mkdir()
    for path in set(cache.iterdir()) - _kinds(cache, "sweep"):
        shutil.copy(path, to)


def _kinds(cache: Path, key: str) -> set[Path]:
    return {path for path in cache.glob("*.json") if key in json.loads(path.read_text())["question"]}


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not until():
        if time.monotonic() > end:
            pytest.fail("waited too long")
        time.sleep(0.05)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
