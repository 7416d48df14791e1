"""A scheduler and devices: processes of their own, over tcp on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from distributed import Client

from edgeattn.devices.asking import Asking
from edgeattn.devices.connection import connect
from edgeattn.devices.device import devices_of, named
from edgeattn.devices.host import DeviceHost

BARE = Path(__file__).with_name("bare_device.py")
ROOT = Path(__file__).parents[3]
SECONDS = 60.0

Start = Callable[..., subprocess.Popen[bytes]]


@contextmanager
def running(*command: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python program in a process group of its own, and end all of it."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("", "export", "runtime/python"))
    environment = {**os.environ, "PYTHONPATH": path, **variables}
    process = subprocess.Popen([sys.executable, *command], env=environment, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def scheduling(folder: Path, *options: str) -> Iterator[str]:
    """Run a scheduler of Dask's, and yield its address."""
    file = folder / "scheduler.json"
    more = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file), *options)
    with running("-m", "dask", "scheduler", *more):
        wait_for(file.is_file)
        yield str(json.loads(file.read_text())["address"])


def wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {SECONDS} s")
        time.sleep(0.1)


def device_command(scheduler: str, name: str, files: Path, options: Sequence[str] = ()) -> tuple[str, ...]:
    return (str(BARE), scheduler, "--name", name, "--files", str(files), *options)


@pytest.fixture(scope="session")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scheduling(tmp_path_factory.mktemp("scheduler")) as address:
        yield address


@pytest.fixture(scope="session")
def client(scheduler: str) -> Iterator[Client]:
    with connect(scheduler) as client:
        yield client


@pytest.fixture(scope="session")
def start(
    scheduler: str, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """A function that starts a device of a name, and returns when its scheduler knows it."""
    with ExitStack() as stack:

        def started(name: str, *options: str) -> subprocess.Popen[bytes]:
            files = tmp_path_factory.mktemp(name)
            process = stack.enter_context(running(*device_command(scheduler, name, files, options)))
            wait_for(lambda: name in {device.name for device in devices_of(client)})
            return process

        yield started


@pytest.fixture(scope="session")
def board(start: Start, client: Client) -> DeviceHost:
    """A device."""
    start("board")
    return DeviceHost(Asking(client, named(client, "board")))
