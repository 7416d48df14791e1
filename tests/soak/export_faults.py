"""Faults of exports: killed at each stage, disks that are full or read only, two at once over one bundle."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from random import Random
from signal import SIGKILL
from types import TracebackType
from typing import Any, Final

from figures import Faults

from edgeattn_runtime import load
from edgeattn_runtime.errors import EdgeAttnError

ROOMS: Final = (0, 100, 5_000, 20_000, 100_000)  # bytes that a full disk still has
TOLD: Final = re.compile(
    r"^edgeattn: .*(No space left|out of space on the disk|full disk|Read-only|can be written)",
    re.M,
)
STRAY: Final = "edgeattn-process-*"


class Exporter:
    """Exports in children of one process, over one bundle, with a TMPDIR and a cache of their own.

    Args:
        place: A folder for all of it.
        disk: The library that makes disks of folders.
    """

    def __init__(self, place: Path, disk: Path) -> None:
        self.tmp, self.cache, self.out, logs = (place / name for name in ("tmp", "cache", "out", "logs"))
        for folder in (self.tmp, self.cache, self.out, logs):
            folder.mkdir(parents=True)
        self.bundle = self.out / "x.edge"
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("exporter.py")), str(logs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "LD_PRELOAD": str(disk), "OMP_NUM_THREADS": "1"},
            text=True,
        )

    def __enter__(self) -> Exporter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def export(self, *jobs: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Export once a job, all at once; return each one's exit code and what it printed.

        Args:
            jobs: Each with ``kill``, a stage's number, or with variables of its environment.
        """
        own = {"EDGEATTN_CACHE": str(self.cache), "TMPDIR": str(self.tmp)}
        lines = [
            {
                "place": str(self.bundle),
                "kill": job.get("kill"),
                "environment": {**own, **{name: str(value) for name, value in job.items() if name.isupper()}},
            }
            for job in jobs
        ]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(lines)}\n")
        self._process.stdin.flush()
        return list(json.loads(self._process.stdout.readline()))


def export_faults(seconds: float, draw: Random, place: Path, disk: Path) -> list[Faults]:
    """Inject faults into exports until the time is up, at least one of each kind.

    Args:
        seconds: The time.
        draw: What orders them.
        place: A folder for all of it.
        disk: The library that makes disks of folders.
    """
    end = time.monotonic() + seconds
    kinds = {
        "exports killed at a stage": _killed,
        "exports, full or read-only disk": _disks,
        "two exports to one name": _two,
    }
    rows = [Faults(name) for name in kinds]
    with Exporter(place, disk) as exporter:
        (first,) = exporter.export({})
        stages = re.findall(r"^stage (.*)$", first["text"], re.M)
        attempts = [kind(exporter, draw, stages) for kind in kinds.values()]
        for turn, of_kinds in enumerate(zip_longest(*attempts)):
            for row, attempt in zip(rows, of_kinds, strict=True):
                if attempt is not None and (not turn or time.monotonic() < end):
                    row.injected += 1
                    row.note_lost(attempt())
        rows[0].note_lost(_left_behind(exporter))
    return rows


Attempt = Callable[[], list[str]]


def _killed(exporter: Exporter, draw: Random, stages: list[str]) -> Iterator[Attempt]:
    for stage in draw.sample(range(len(stages)), len(stages)):
        yield lambda stage=stage: _survived(  # type: ignore[misc]
            exporter, f"killed in {stages[stage]!r}", {"kill": stage}, lambda code, _: code == -SIGKILL
        )


def _disks(exporter: Exporter, draw: Random, stages: list[str]) -> Iterator[Attempt]:
    folders = (exporter.tmp, exporter.out, exporter.cache)
    disks: list[dict[str, object]] = [
        {"FULL_DISK": folder, "FULL_DISK_ROOM": room} for folder in folders for room in ROOMS
    ]
    disks += [{"READ_ONLY_DISK": folder} for folder in folders]

    def is_told(code: int, text: str) -> bool:
        return code == 0 or (code == 2 and TOLD.search(text) is not None)

    for disk in draw.sample(disks, len(disks)):
        words = ", ".join(f"{name} {value}" for name, value in disk.items())
        yield lambda words=words, disk=disk: _survived(exporter, words, disk, is_told)  # type: ignore[misc]


def _two(exporter: Exporter, draw: Random, stages: list[str]) -> Iterator[Attempt]:
    def attempt() -> list[str]:
        ended = exporter.export({}, {})
        words = [
            f"two at once: exit code {each['code']}: {each['text'][-300:]}" for each in ended if each["code"]
        ]
        return words + _broken(exporter.bundle)

    for _ in range(100):
        yield attempt


def _survived(
    exporter: Exporter, words: str, job: Mapping[str, Any], is_right: Callable[[int, str], bool]
) -> list[str]:
    """Export with a fault over a bundle; return, in words, what was lost."""
    before = contents(exporter.bundle)
    (ended,) = exporter.export(job)
    lost = []
    if not is_right(ended["code"], ended["text"]):
        lost.append(f"{words}: exit code {ended['code']}: {ended['text'][-300:]}")
    if ended["code"] != 0 and contents(exporter.bundle) != before:
        lost.append(f"{words}: the bundle that stood there has changed")
    return lost + [f"{words}: {each}" for each in _broken(exporter.bundle)]


def _broken(bundle: Path) -> list[str]:
    try:
        with load(bundle) as net:
            return [f"output {result.output} is wrong" for result in net.check() if not result.ok]
    except EdgeAttnError as error:
        return [str(error)]


def _left_behind(exporter: Exporter) -> list[str]:
    """Export once more, undisturbed; return what lies about then."""
    (ended,) = exporter.export({})
    strays = [path for path in exporter.out.iterdir() if path != exporter.bundle]
    strays += exporter.tmp.glob(STRAY)
    words = [f"left behind: {path}" for path in strays]
    return words + ([f"the export after it: {ended['text'][-300:]}"] if ended["code"] else [])


def contents(folder: Path) -> dict[str, bytes]:
    """Return what the files of a folder hold, by their paths in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
