"""Schedulers of Dask's: processes of their own, on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from distributed import Client

from edgeattn.partitions.scheduler import connect

SECONDS = 300.0  # in which a scheduler must be up, on a machine that is busy


@dataclass(frozen=True)
class Scheduler:
    """A scheduler with its address, and a client of it."""

    process: subprocess.Popen[bytes]
    address: str
    client: Client


@contextmanager
def _scheduler(
    folder: Path, protocol: str = "tcp", environment: Mapping[str, str] | None = None
) -> Iterator[Scheduler]:
    file = folder / "scheduler.json"
    options = ("--protocol", protocol, "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    command = (sys.executable, "-m", "dask", "scheduler", *options, "--scheduler-file", str(file))
    process = subprocess.Popen(command, env={**os.environ, **(environment or {})})
    try:
        end = time.monotonic() + SECONDS
        while not file.is_file():
            assert time.monotonic() < end
            time.sleep(0.1)
        address = str(json.loads(file.read_text())["address"])
        with connect(address) as client:
            yield Scheduler(process, address, client)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def new_scheduler() -> Callable[..., AbstractContextManager[Scheduler]]:
    """Starts a scheduler of a test's own, with a protocol and an environment."""
    return _scheduler


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Scheduler]:
    """A scheduler of a test's own, to be broken."""
    with _scheduler(tmp_path) as scheduler:
        yield scheduler
