"""A sweep over four reference models, undisturbed, and again with its host and a worker killed on the way.

    python tests/bench/bench_sweep.py [FOLDER]

Both start without outcomes; the second is given what the first one's searches measured, so that it chooses by
the same times. Fails where the two tables differ in anything but the speedup, which is raced anew. With a
FOLDER, which keeps sweeps and caches, it goes on where it was stopped. Half an hour on two quiet cores.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
MODELS = ("digits", "story", "translation", "policy")
BUDGETS = ("cosine=0.99", "cosine=0.999")
ROWS = len(MODELS) * len(BUDGETS)
PAUSE = 0.5  # seconds between two looks at the index


def main(folder: Path) -> int:
    """Run both sweeps, and compare their tables."""
    first = folder / "undisturbed"
    _finish(first)
    second = folder / "killed"
    _hand_on_measurements(first / "cache", second / "cache")
    if not (second / "out").exists():
        host = _started(second)
        _wait(lambda: _outcomes(second) == 1)
        host.kill()
        host.wait()
        print(f"host killed, {_outcomes(second)} of {ROWS} rows done")
        host = _started(second)
        _wait(lambda: _outcomes(second) == 4)
        _worker(host.pid).send_signal(signal.SIGKILL)
        print(f"worker killed, {_outcomes(second)} of {ROWS} rows done")
        host.wait()
    _finish(second)
    tables = [_table(each) for each in (first, second)]
    for row in tables[0]:
        print(
            *(row[name] for name in ("model", "budget", "verdict", "cosine", "latency_ms", "size_mb", "told"))
        )
    same = tables[0] == tables[1]
    print("the tables are the same" if same else f"the tables differ: {tables[1]}")
    return 0 if same else 1


def _started(folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    models = [str(ROOT / "models" / name / "model.py") for name in MODELS]
    budgets = [word for budget in BUDGETS for word in ("--budget", budget)]
    command = [sys.executable, "-m", "edgeattn", "sweep", *models, *budgets, "-o", str(folder / "out")]
    environment = {**os.environ, "EDGEATTN_CACHE": str(folder / "cache")}
    return subprocess.Popen([*command, "--workers", "1"], env=environment)


def _finish(folder: Path) -> None:
    """Run a sweep to its end; whether every row passes is not the question."""
    code = _started(folder).wait()
    if code not in (0, 1):
        sys.exit(code)


def _hand_on_measurements(cache: Path, to: Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    for path in cache.glob("*.json"):
        if "sweep" not in json.loads(path.read_text())["question"]:
            shutil.copy(path, to)


def _outcomes(folder: Path) -> int:
    """Return how many rows the index has; 0 while there is none, or it is written."""
    try:
        connection = sqlite3.connect(f"file:{folder / 'out' / 'sweep.sqlite'}?immutable=1", uri=True)
        (count,) = connection.execute("SELECT COUNT(*) FROM outcomes").fetchone()
    except sqlite3.DatabaseError:
        return 0
    return int(count)


def _worker(host: int) -> psutil.Process:
    """Return the child that works: the one with the most memory."""
    return max(psutil.Process(host).children(), key=lambda child: child.memory_info().rss)


def _table(folder: Path) -> list[dict[str, Any]]:
    rows = json.loads((folder / "out" / "sweep.json").read_text())["rows"]
    return [{name: value for name, value in row.items() if name != "speedup"} for row in rows]


def _wait(until: Callable[[], bool]) -> None:
    while not until():
        time.sleep(PAUSE)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(main(Path(temporary)))
