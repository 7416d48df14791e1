"""Environments of workers: each in a folder of its own, so that engines which exclude one another coexist."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from edgeattn_runtime.boundary import REASON
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.legible import one_line

LOCKS = Path(__file__).with_name("locks")  # names, versions and hashes of what registries send; see .ci/lock
LAST_LINES = 5  # of a failed installer that an error reports: npm's very last names a log
_LIST = "packages.txt"  # of what an environment has; the last thing that is written of it
_LOCKED = ("--quiet", "--no-deps", "--require-hashes", "--requirement")
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
FOLDER_VARIABLE = "EDGEATTN_BACKENDS"  # names another folder than the user's own cache

_PACKAGES = Path(__file__).parents[3]  # whose package edgeattn_export is
_BOOT = "import sys; sys.path += sys.argv[1:]; from edgeattn_export.graph.hosts.worker import main; main()"


class Environment(Protocol):
    """What a worker runs in."""

    @property
    def name(self) -> str:
        """As the command line has it."""

    def missing(self) -> str | None:
        """Say what is not installed, in words; None where all is there."""

    def install(self) -> None:
        """Install it, whole or not at all.

        Raises:
            BadInput: An installer fails, or is missing itself; the message has its last words.
        """

    def command(self) -> tuple[str, ...]:
        """Return the command that starts a worker."""


def folder_of(name: str) -> Path:
    """Return an environment's folder: in $EDGEATTN_BACKENDS, or edgeattn/backends of the user's cache."""
    named, cache = os.environ.get(FOLDER_VARIABLE), os.environ.get("XDG_CACHE_HOME")
    root = (Path(cache) if cache else Path.home() / ".cache") / "edgeattn" / "backends"
    return (Path(named) if named else root) / name


@contextmanager
def making(name: str, packages: Sequence[str]) -> Iterator[Path]:
    """Yield an environment's empty folder, to be filled; it counts as installed where that ends well."""
    folder = folder_of(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    (folder / _LIST).write_text("\n".join(packages), encoding="utf-8")


def is_made(name: str, packages: Sequence[str]) -> bool:
    """Say whether an environment is installed whole, and with these packages: an older one had others."""
    file = folder_of(name) / _LIST
    return file.exists() and file.read_text(encoding="utf-8") == "\n".join(packages)


@dataclass(frozen=True, slots=True)
class PythonEnvironment:
    """A virtual environment, whose onnxruntime is another than edgeattn's.

    Attributes:
        name: As the command line has it.
        packages: What it must have, with their floors. pip installs the versions of its lock, and of
            them only files whose hashes are there.
    """

    name: str
    packages: tuple[str, ...]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return folder_of(self.name) / "bin" / "python"

    def missing(self) -> str | None:
        """Say that it is not there; None where it is."""
        made = is_made(self.name, self.packages)
        return None if made else f"no environment with {', '.join(self.packages)}"

    def install(self) -> None:
        """Make the environment, and install its packages; raises BadInput where that fails."""
        with making(self.name, self.packages) as folder:
            run_installer(sys.executable, "-m", "venv", str(folder))
            run_installer(str(self.python), "-m", "pip", "install", *_LOCKED, str(LOCKS / f"{self.name}.txt"))

    def command(self) -> tuple[str, ...]:
        """Return the command."""
        return boot(str(self.python))


def boot(python: str) -> tuple[str, ...]:
    """Return the command by which a Python is a worker.

    edgeattn's own packages come last on the path, so that they hide nothing.
    """
    runtime = Path(sys.modules["edgeattn_runtime"].__path__[0]).parent
    return (python, "-c", _BOOT, str(_PACKAGES), str(runtime))


def run_installer(
    *command: str, folder: Path | None = None, variables: Mapping[str, str] = NO_VARIABLES
) -> None:
    """Run a command, in a folder, with more environment variables; raises BadInput with its last words."""
    environment = {**os.environ, **variables}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise BadInput(f"{command[0]}: not found; install it first") from error
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "no words").splitlines()
        words = one_line("; ".join(lines[-LAST_LINES:]), REASON)
        raise BadInput(f"{' '.join(command[:3])} ... failed: {words}")
