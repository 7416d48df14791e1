"""A real sshd on loopback, for tests and for the benchmark of a device's overhead."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SECONDS = 120.0  # in which sshd must be up, on a machine that is busy
SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


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
        sshd = cls(folder, _free_port())
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
            "LogLevel": "ERROR",
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


def _free_port() -> int:
    """Return a port that nothing has, below those that the system gives to other connections."""
    while True:
        port = random.randrange(10_000, 32_768)
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
