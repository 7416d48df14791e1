"""Devices of several kinds on this machine, each a command: of this CPU, and emulated.

``desktop`` has the environment that this is run in, ``board`` one of the runtime alone, and ``arm64`` is an
emulated Cortex-A76 with a Python of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from emulators import arm64

from edgeattn.devices.address import Address
from edgeattn.devices.connection import Connection
from edgeattn.devices.install import wheel, wheel_name


def three(cache: Path) -> dict[str, Path]:
    """Return the Python of each device by its name, filling the cache where it is empty."""
    emulated = arm64("cortex-a76", cache).interpreter(cache / "python-arm64")
    return {"desktop": Path(sys.executable), "board": runtime_alone(cache), "arm64": emulated}


def runtime_alone(cache: Path) -> Path:
    """Return the Python of an environment that has the wheel of the runtime here alone."""
    content = wheel()
    folder = cache / f"board-{hashlib.sha256(content).hexdigest()[:8]}"
    python = folder / "bin" / "python"
    if not (folder / "whole").exists():
        venv.create(folder, with_pip=True, clear=True)
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / wheel_name()
            file.write_bytes(content)
            install = [str(python), "-m", "pip", "install", "--quiet", str(file)]
            subprocess.run(install, check=True, env={**os.environ, "PYTHONPATH": ""})
        (folder / "whole").touch()
    return python


@contextmanager
def listed(pythons: Mapping[str, Path], folder: Path) -> Iterator[None]:
    """List devices in a devices.toml, which commands that run meanwhile find.

    Args:
        pythons: By a device's name, the Python that it runs in.
        folder: Where they keep their files.
    """
    file = folder / "edgeattn" / "devices.toml"
    file.parent.mkdir()
    for name, python in pythons.items():
        start = ["env", "-u", "PYTHONPATH", str(python), "-m", "edgeattn_runtime.device"]
        with file.open("a") as text:
            text.write(f"[{name}]\ncommand = {json.dumps([*start, '--files', str(folder / name)])}\n")
    before = os.environ.get("XDG_CONFIG_HOME")
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    try:
        for name in pythons:
            connection = Connection(Address.of(name))
            print(connection.device, flush=True)
            connection.close()
        yield
    finally:
        if before is None:
            del os.environ["XDG_CONFIG_HOME"]
        else:
            os.environ["XDG_CONFIG_HOME"] = before
