"""Devices of this machine: processes that a command starts, or an sshd of the tests' own on loopback."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edgeattn.devices.address import Address
from edgeattn.devices.connection import Connection
from edgeattn.devices.host import DeviceHost
from edgeattn.devices.steady import Steady

SECONDS = 120.0  # in which sshd must be up, on a machine that is busy
SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


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

    def add(self, name: str, *options: str) -> Address:
        """List a device in devices.toml."""
        self.commands[name] = device_command(self.folder / name, *options)
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


@dataclass
class Sshd:
    """An sshd of its own on loopback, and an ``ssh`` on the PATH that knows the alias ``pi`` of it.

    Attributes:
        folder: Of its keys, and the home of whoever logs in.
        process: It.
    """

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def made(cls, folder: Path) -> Sshd:
        """Make keys and settings."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            sshd = cls(folder, free.getsockname()[1])
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        (folder / "authorized").write_bytes((folder / "user.pub").read_bytes())
        key = (folder / "host.pub").read_text()
        (folder / "known").write_text(f"[127.0.0.1]:{sshd.port} {key}")
        home, bin_folder = folder / "home", folder / "bin"
        python = home / ".local" / "share" / "edgeattn" / "device" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
        bin_folder.mkdir()
        (folder / "sshd_config").write_text(sshd._server())
        (folder / "ssh_config").write_text(sshd._client())
        ssh = bin_folder / "ssh"
        ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/ssh_config "$@"\n')
        ssh.chmod(0o755)
        return sshd

    def _server(self) -> str:
        """Return its settings; the device's packages come from where these tests have theirs."""
        path = os.pathsep.join(each for each in sys.path if each)
        lines = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": self.folder / "host",
            "AuthorizedKeysFile": self.folder / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "SetEnv": f'HOME={self.folder}/home "PYTHONPATH={path}"',
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _client(self) -> str:
        lines = {
            "HostName": "127.0.0.1",
            "Port": self.port,
            "IdentityFile": self.folder / "user",
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": self.folder / "known",
            "LogLevel": "ERROR",
        }
        return "Host pi\n" + "".join(f"  {name} {value}\n" for name, value in lines.items())

    def start(self) -> None:
        """Start it, and wait until it listens."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # which Debian's asks for
        self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")])
        end = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert time.monotonic() < end, "sshd is not up"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End it; sessions go on."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


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
