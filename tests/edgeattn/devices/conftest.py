"""Schedulers and devices: processes of their own, over tcp on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from distributed import Client

from edgeattn.devices.asking import Asking
from edgeattn.partitions.scheduler import connect
from edgeattn.devices.device import devices_of, named
from edgeattn.devices.host import DeviceHost
from edgeattn.devices.steady import Steady

BARE = Path(__file__).with_name("bare_device.py")
ROOT = Path(__file__).parents[3]
SECONDS = 300.0  # in which a process must be up, on a machine that is busy

Process = subprocess.Popen[bytes]


@contextmanager
def _running(*command: str, environment: Mapping[str, str]) -> Iterator[Process]:
    """Run a Python program in a process group of its own, and end all of it."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("", "export", "runtime/python"))
    settings = {**os.environ, "PYTHONPATH": path, **environment}
    process = subprocess.Popen([sys.executable, *command], env=settings, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {SECONDS} s")
        time.sleep(0.1)


@dataclass
class Network:
    """A scheduler of Dask's, and devices that are at it."""

    folder: Path
    scheduler: Process
    address: str
    client: Client
    stack: ExitStack
    environment: Mapping[str, str] = field(default_factory=dict)
    started: dict[str, Process] = field(default_factory=dict)

    def start(self, name: str, *options: str) -> DeviceHost:
        """Start a device, and return when the scheduler knows it."""
        command = (str(BARE), self.address, "--name", name, "--files", str(self.folder / name), *options)
        self.started[name] = self.run(*command)
        _wait_for(lambda: name in {device.name for device in devices_of(self.client)})
        return self.host(name)

    def run(self, *command: str) -> Process:
        """Run a Python program of this network."""
        return self.stack.enter_context(_running(*command, environment=self.environment))

    def host(self, name: str, **more: float) -> DeviceHost:
        return DeviceHost(Steady(Asking(self.client, named(self.client, name), **more)))

    def employ(self) -> None:
        """Start a worker that has PyTorch."""
        options = ("--nthreads", "1", "--resources", "host=1", "--no-dashboard")
        self.run("-m", "dask", "worker", self.address, *options)
        self.client.wait_for_workers(len(self.started) + 1, timeout=SECONDS)

    def kill(self, name: str) -> None:
        """Take a device away, its nanny and its worker at once."""
        os.killpg(self.started[name].pid, signal.SIGKILL)


@contextmanager
def _network(
    folder: Path, protocol: str = "tcp", environment: Mapping[str, str] | None = None
) -> Iterator[Network]:
    file, settings = folder / "scheduler.json", environment or {}
    options = (
        "--protocol",
        protocol,
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        str(file),
    )
    with ExitStack() as stack:
        command = ("-m", "dask", "scheduler", *options)
        scheduler = stack.enter_context(_running(*command, environment=settings))
        _wait_for(file.is_file)
        address = str(json.loads(file.read_text())["address"])
        client = stack.enter_context(connect(address))
        yield Network(folder, scheduler, address, client, stack, settings)


@pytest.fixture(scope="session")
def new_network() -> Callable[..., AbstractContextManager[Network]]:
    """Starts a network of a test's own, with a protocol and an environment."""
    return _network


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with _network(tmp_path_factory.mktemp("network")) as network:
        yield network


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[Network]:
    """A network of a test's own, to be broken."""
    with _network(tmp_path) as network:
        yield network


@pytest.fixture(scope="session")
def client(network: Network) -> Client:
    return network.client


@pytest.fixture(scope="session")
def board(network: Network) -> DeviceHost:
    """A device."""
    return network.start("board")
