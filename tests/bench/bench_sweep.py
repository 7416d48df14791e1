"""A sweep over four reference models, undisturbed, and again with its host and a worker killed on the way.

    python tests/bench/bench_sweep.py [--folder FOLDER] [--models NAME ...] [--on DEVICE ...]

Both start without outcomes; the second is given what the first one's searches measured, so that it chooses by
the same times. Fails where the two tables differ in anything but the speedup, which is raced anew. With a
FOLDER, which keeps sweeps and caches, it goes on where it was stopped. Six minutes on two cores.

Devices are those of tests/isa/several_devices.py: desktop, board, and arm64, which is emulated. With all
three it takes half an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "isa"))

from emulators import CACHE  # noqa: E402
from several_devices import listed, three  # noqa: E402

MODELS = ("digits", "story", "translation", "policy")
DEVICES = ("desktop", "board", "arm64")
BUDGETS = ("cosine=0.99", "cosine=0.999")
PAUSE = 0.5  # seconds between two looks at the index
SHOWN = ("model", "budget", "device", "verdict", "cosine", "latency_ms", "size_mb", "recipe", "told")


@dataclass(frozen=True)
class Sweep:
    """A sweep in a folder of its own, with a cache of its own.

    Attributes:
        folder: Where it lies.
        models: Of models/.
        devices: That it is measured on; none is this machine.
    """

    folder: Path
    models: Sequence[str]
    devices: Sequence[str] = ()

    @property
    def cache(self) -> Path:
        """Where whoever exports remembers what was measured."""
        return self.folder / "cache"

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.models) * len(BUDGETS) * max(1, len(self.devices))

    @property
    def done(self) -> int:
        """How many rows the index has; 0 while there is none, or it is written."""
        try:
            connection = sqlite3.connect(f"file:{self.folder / 'out' / 'sweep.sqlite'}?immutable=1", uri=True)
            (count,) = connection.execute("SELECT COUNT(*) FROM outcomes").fetchone()
        except sqlite3.DatabaseError:
            return 0
        return int(count)

    @property
    def table(self) -> list[dict[str, Any]]:
        """Its rows, but for what is raced anew."""
        rows = json.loads((self.folder / "out" / "sweep.json").read_text())["rows"]
        return [{name: value for name, value in row.items() if name != "speedup"} for row in rows]

    def start(self) -> subprocess.Popen[bytes]:
        """Start its host."""
        self.folder.mkdir(parents=True, exist_ok=True)
        models = [str(ROOT / "models" / name / "model.py") for name in self.models]
        budgets = [word for budget in BUDGETS for word in ("--budget", budget)]
        on = [word for device in self.devices for word in ("--on", device)]
        command = [
            "edgeattn",
            "sweep",
            *models,
            *budgets,
            *on,
            "--workers",
            "1",
            "-o",
            str(self.folder / "out"),
        ]
        environment = {**os.environ, "EDGEATTN_CACHE": str(self.cache)}
        return subprocess.Popen([sys.executable, "-m", *command], env=environment)

    def finish(self) -> None:
        """Run it to its end; whether every row passes is not the question."""
        code = self.start().wait()
        if code not in (0, 1):
            sys.exit(code)


def main() -> int:
    """Run both sweeps, and compare their tables."""
    parser = argparse.ArgumentParser(description="Sweep undisturbed, and killed twice on the way.")
    parser.add_argument("--folder", type=Path, help="where sweeps and caches are kept")
    parser.add_argument("--models", nargs="+", metavar="NAME", default=MODELS)
    parser.add_argument("--on", nargs="+", metavar="DEVICE", choices=DEVICES, default=())
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if not arguments.on:
            return compared(Sweep(folder / "undisturbed", arguments.models), folder / "killed")
        pythons = {name: python for name, python in three(CACHE).items() if name in arguments.on}
        with listed(pythons, Path(temporary)):
            first = Sweep(folder / "undisturbed", arguments.models, arguments.on)
            return compared(first, folder / "killed")


def compared(first: Sweep, folder: Path) -> int:
    """Run a sweep, and the same again, killed on the way; return 0 where their tables are the same."""
    first.finish()
    second = Sweep(folder, first.models, first.devices)
    _hand_on_measurements(first.cache, second.cache)
    if not (folder / "out").exists():
        _kill_twice(second)
    second.finish()
    for row in first.table:
        print(*(row[name] for name in SHOWN))
    same = first.table == second.table
    print("the tables are the same" if same else f"the tables differ: {second.table}")
    return 0 if same else 1


def _kill_twice(sweep: Sweep) -> None:
    """Kill the host after a row, start it again, and kill the worker after half of the rows."""
    host = sweep.start()
    _wait(lambda: sweep.done >= 1)
    host.kill()
    host.wait()
    print(f"host killed, {sweep.done} of {sweep.rows} rows done", flush=True)
    host = sweep.start()
    _wait(lambda: sweep.done >= sweep.rows // 2)
    _worker(host.pid).send_signal(signal.SIGKILL)
    print(f"worker killed, {sweep.done} of {sweep.rows} rows done", flush=True)
    host.wait()


def _hand_on_measurements(cache: Path, to: Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    for path in cache.glob("*.json"):
        if "sweep" not in json.loads(path.read_text())["question"]:
            shutil.copy(path, to)


def _worker(parent: int) -> psutil.Process:
    """Return the child that works: the one with the most memory."""
    return max(psutil.Process(parent).children(), key=lambda child: child.memory_info().rss)


def _wait(until: Callable[[], bool]) -> None:
    while not until():
        time.sleep(PAUSE)


if __name__ == "__main__":
    sys.exit(main())
