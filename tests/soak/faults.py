"""Faults of installs and exports: each is survived, or refused in words. pytest kills installs and sweeps."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from export_faults import contents, export_faults
from figures import Faults

from edgeattn_runtime import load
from edgeattn_runtime.errors import EdgeAttnError

TESTS: Final = Path(__file__).parents[1]
CONFORMANCE: Final = TESTS.parent / "runtime" / "conformance" / "build"
INSTALL: Final = Path(__file__).with_name("install.py")
GOOD: Final = CONFORMANCE / "good.edge"
ROOMS: Final = (0, 1_000, 4_000)  # bytes that a full disk still has, of the good bundle's some 10,000
INSTALLS: Final = 20  # of each of two processes


def inject(seconds: float, draw: Random, place: Path) -> list[Faults]:
    """Inject faults of every kind; exports take what time the others leave.

    Args:
        seconds: The time.
        draw: What chooses and orders them.
        place: A folder for all of it.
    """
    end = time.monotonic() + seconds
    disk, new = _compiled(place), _newer(place)
    rows = [
        _row("installs, full or read-only disk", lambda: _disks(new, place, disk)),
        _row("two installs to one name", lambda: _racing(new, place)),
    ]
    return rows + export_faults(end - time.monotonic(), draw, place / "exports", disk)


def _row(name: str, injected: Callable[[], tuple[int, list[str]]]) -> Faults:
    try:
        count, lost = injected()
    except (AssertionError, OSError, subprocess.SubprocessError) as error:  # such as one that never ended
        return Faults(name, 1, [f"{type(error).__name__}: {error}"])
    return Faults(name, count, lost)


def _compiled(place: Path) -> Path:
    """Return the library that makes disks of folders."""
    library = place / "disk.so"
    source = Path(__file__).with_name("disk.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return library


def _newer(place: Path) -> Path:
    """Return a bundle to be told from the good one by its name."""
    folder = shutil.copytree(GOOD, place / "newer.edge")
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"name": "tiny"', '"name": "newer"'), "utf-8")
    return folder


def _disks(new: Path, place: Path, disk: Path) -> tuple[int, list[str]]:
    folder = place / "disk"
    bundle = shutil.copytree(GOOD, folder / "x.edge")
    before, lost = contents(bundle), []
    disks = [
        *(({"FULL_DISK": str(folder), "FULL_DISK_ROOM": str(room)}, "ResourceError") for room in ROOMS),
        ({"READ_ONLY_DISK": str(folder)}, "InputError"),
    ]
    for variables, error in disks:
        environment = {**variables, "LD_PRELOAD": str(disk)}
        ended = _python(INSTALL, bundle, 1, new, environment=environment)
        if not ended.stdout.startswith(error):
            lost.append(f"{variables}: {error} expected, {ended.stdout}{ended.stderr[-300:]} found")
        elif contents(bundle) != before or len(list(folder.iterdir())) != 1:
            lost.append(f"{variables}: the bundle, or what stands beside it, has changed")
    return len(disks), lost


def _racing(new: Path, place: Path) -> tuple[int, list[str]]:
    """Install from two processes at once, and load meanwhile: what is read is whole, or refused."""
    folder = place / "race"
    bundle = shutil.copytree(GOOD, folder / "x.edge")
    command = [
        sys.executable,
        *map(str, (INSTALL, bundle, INSTALLS, GOOD, new)),
    ]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    lost = []
    while any(process.poll() is None for process in processes):
        try:
            load(bundle).close()
        except EdgeAttnError as error:
            if "no manifest" in str(error) or "nothing found" in str(error):
                lost.append(f"nothing stood there: {error}")
    lost += [text for process in processes if (text := process.communicate()[0])]
    lost += [f"{path} was left" for path in folder.iterdir() if path != bundle]
    return 2 * INSTALLS, lost


def _python(
    script: Path, *arguments: object, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
        timeout=900,
        check=False,
    )
