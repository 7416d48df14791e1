"""A scheduler on this machine, and devices at it that are of several kinds: of this CPU, and emulated.

``desktop`` has the environment that this is run in, ``board`` one of the runtime alone, and ``arm64`` is an
emulated Cortex-A76 with a Python of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from emulators import ROOT, arm64

from edgeattn.devices.device import devices_of
from edgeattn.partitions.scheduler import connect

SECONDS = 600.0  # in which everything is up, emulated or not
PATHS = [str(ROOT / folder) for folder in ("", "export", "runtime/python")]


def three(cache: Path) -> dict[str, Path]:
    """Return the Python of each device by its name, filling the cache where it is empty."""
    emulated = arm64("cortex-a76", cache).interpreter(cache / "python-arm64")
    return {"desktop": Path(sys.executable), "board": runtime_alone(cache), "arm64": emulated}


def runtime_alone(cache: Path) -> Path:
    """Return the Python of an environment that has ``edgeattn[device]``, of the sources here."""
    asked = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + bytes(ROOT)).hexdigest()[:8]
    folder = cache / f"board-{asked}"
    python = folder / "bin" / "python"
    if not (folder / "whole").exists():
        venv.create(folder, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}[device]"]
        subprocess.run(install, check=True, env=_environment(""))
        (folder / "whole").touch()
    return python


@contextmanager
def network(devices: Mapping[str, Path], folder: Path) -> Iterator[str]:
    """Run a scheduler and devices, and yield its address when all are there.

    Args:
        devices: By name, the Python that each runs in.
        folder: Where they keep their files.
    """
    told = folder / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
    with ExitStack() as stack:
        stack.enter_context(running(sys.executable, "-m", "dask", "scheduler", *options))
        wait(told.is_file)
        address = str(json.loads(told.read_text())["address"])
        for name, python in devices.items():
            own = ("--name", name, "--files", str(folder / name))
            stack.enter_context(running(str(python), "-m", "edgeattn", "device", address, *own))
        with connect(address) as client:
            wait(lambda: {device.name for device in devices_of(client)} == set(devices))
        yield address


@contextmanager
def working(address: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker that has PyTorch, which exports what devices measure."""
    options = ("--nthreads", "1", "--resources", "host=1", "--no-dashboard")
    command = (sys.executable, "-m", "dask", "worker", address, *options)
    with running(*command, environment=environment) as process:
        yield process


@contextmanager
def running(*command: str, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a process group of its own, and end all of it."""
    path = os.pathsep.join(PATHS) if command[0] == sys.executable else ""
    settings = {**_environment(path), **(environment or {})}
    process = subprocess.Popen(command, env=settings, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait(until: Callable[[], bool]) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: It is not in time.
    """
    end = time.monotonic() + SECONDS
    while not until():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {SECONDS:.0f} s")
        time.sleep(0.5)


def _environment(path: str) -> dict[str, str]:
    """Return this process's environment with another path to import from."""
    quiet = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False", "DASK_LOGGING__DISTRIBUTED": "error"}
    return {**os.environ, "PYTHONPATH": path, **quiet}
