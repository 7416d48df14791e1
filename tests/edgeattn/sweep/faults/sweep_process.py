"""A sweep in a process of its own, to be killed on its way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgeattn.commands.sweep import PAGE_FILE, TABLE_FILE
from edgeattn.sweep.index import FILE

MODEL = Path(__file__).with_name("told.py")
BUDGETS = ("cosine=0.9", "cosine=0.9,size_mb=0.016")
PATIENCE = 900  # seconds, far beyond what any step takes


class SweepProcess:
    """A sweep of a tiny model by two budgets, with a cache of its own."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        self.folder, self.cache, self._log, self._told = (
            root / name for name in ("out", "cache", "loads", "told")
        )
        self._log.touch()
        self.temporary = root / "tmp"
        self.temporary.mkdir()
        self._host: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        asked = [word for budget in BUDGETS for word in ("--budget", budget)]
        asked += ["-o", str(self.folder), "--workers", "1"]
        with self._told.open("wb") as told, _interrupts_heard():
            self._host = subprocess.Popen(
                [sys.executable, "-m", "edgeattn", "sweep", str(MODEL), *asked],
                env={
                    **os.environ,
                    "EDGEATTN_CACHE": str(self.cache),
                    "TOLD_BY": str(self._log),
                    "TMPDIR": str(self.temporary),
                },
                stdout=subprocess.DEVNULL,
                stderr=told,
                start_new_session=True,
            )

    def wait(self) -> int:
        assert self._host is not None
        return self._host.wait(PATIENCE)

    def kill(self) -> None:
        """Kill the host, not its workers."""
        if self._host is not None:
            self._host.kill()
            self._host.wait()

    def end(self, number: int) -> None:
        """Send a signal to the workers too, as a terminal does at Ctrl-C, and a system that shuts down."""
        assert self._host is not None
        os.killpg(self._host.pid, number)

    def told(self) -> str:
        return self._told.read_text()

    def ends(self) -> None:
        """Run it to its end."""
        self.start()
        assert self.wait() == 0, self.told()
        assert self.told() == ""
        assert "<img" in (self.folder / PAGE_FILE).read_text()

    def loads(self) -> list[int]:
        """Return which processes loaded the model, one after the other."""
        return [int(line) for line in self._log.read_text().splitlines()]

    def outcomes(self) -> int:
        """Return how many rows the index has; -1 while it is written."""
        path = f"file:{self.folder / FILE}?immutable=1"  # the sweep holds the lock
        connection = sqlite3.connect(path, uri=True)
        try:
            (count,) = connection.execute("SELECT COUNT(*) FROM outcomes").fetchone()
        except sqlite3.DatabaseError:
            return -1
        finally:
            connection.close()
        return int(count)

    def table(self) -> list[dict[str, Any]]:
        """Return all rows but for what is raced anew each time."""
        rows = json.loads((self.folder / TABLE_FILE).read_text())["rows"]
        return [{name: value for name, value in row.items() if name != "speedup"} for row in rows]


def hand_on_measurements(cache: Path, to: Path) -> None:
    """Copy what searches measured, and no outcome: the same times choose the same recipes."""
    to.mkdir()
    for path in set(cache.iterdir()) - kept(cache, "sweep"):
        shutil.copy(path, to)


def kept(cache: Path, key: str) -> set[Path]:
    return {path for path in cache.glob("*.json") if key in json.loads(path.read_text())["question"]}


@contextmanager
def _interrupts_heard() -> Iterator[None]:
    """Undo what a shell does to a program in the background, such as these tests: it ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def wait_until(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not until():
        if time.monotonic() > end:
            raise TimeoutError("waited too long")
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
