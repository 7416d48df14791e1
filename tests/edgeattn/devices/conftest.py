"""Devices of this machine: processes that a command starts, or an sshd of the tests' own on loopback.

The folder is no package, so that its modules are found as scripts are.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from loopback import SSHD, Sshd

from edgeattn.devices.address import Address
from edgeattn.devices.connection import Connection
from edgeattn.devices.host import DeviceHost
from edgeattn.devices.steady import Steady

SECONDS = 120.0  # in which something must be so, on a machine that is busy


def device_command(files: Path, *options: str) -> tuple[str, ...]:
    """Return what starts a device here."""
    return (sys.executable, "-m", "edgeattn_runtime.device", "--files", str(files), *options)


@dataclass
class Bench:
    """Devices that are started here by commands, each with files of its own.

    Attributes:
        folder: Of their files, and of devices.toml.
    """

    folder: Path
    stack: ExitStack = field(default_factory=ExitStack)
    commands: dict[str, Sequence[str]] = field(default_factory=dict)

    def add(self, name: str, *options: str, env: Sequence[str] = ()) -> Address:
        """List a device in devices.toml; ``env`` are arguments of that command, for its environment."""
        command = device_command(self.folder / name, *options)
        self.commands[name] = ("env", *env, *command) if env else command
        file = self.folder / "edgeattn" / "devices.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            "".join(f"[{each}]\ncommand = {json.dumps(self.commands[each])}\n" for each in self.commands)
        )
        return Address(name, tuple(self.commands[name]))

    def host(self, address: Address, patience: float | None = None) -> DeviceHost:
        """Connect to a device."""
        connection = Connection(address, patience)
        self.stack.callback(connection.close)
        return DeviceHost(Steady(connection))


@pytest.fixture(scope="session")
def _bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("devices"))
    with bench.stack:
        yield bench


@pytest.fixture
def bench(_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Devices of the session, which --on knows by name."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(_bench.folder))
    return _bench


@pytest.fixture(scope="session")
def board(_bench: Bench) -> DeviceHost:
    """A device."""
    return _bench.host(_bench.add("board"))


@pytest.fixture
def frail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Devices of a test's own, to be broken."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    bench = Bench(tmp_path)
    with bench.stack:
        yield bench


@pytest.fixture(scope="module")
def _sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    if not Path(SSHD).exists():
        pytest.skip("no sshd; apt-get install openssh-server")
    sshd = Sshd.made(tmp_path_factory.mktemp("sshd"))
    sshd.start()
    yield sshd
    sshd.stop()


@pytest.fixture
def sshd(_sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> Sshd:
    """An sshd that listens, for ssh as the tests' PATH has it."""
    monkeypatch.setenv("PATH", f"{_sshd.folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return _sshd


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], bool]], None]:
    """Waits until something is so."""

    def wait(is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + SECONDS
        while not is_so():
            assert time.monotonic() < end
            time.sleep(0.02)

    return wait
