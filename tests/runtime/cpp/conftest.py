"""The C++ runtime, built by both compilers; what was built before is built no further than it changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "documents")]

CPP = Path(__file__).parents[3] / "runtime" / "cpp"


class Run(Protocol):
    """Runs a command that ends with this exit code."""

    def __call__(self, *command: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]: ...


def _run(*command: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == code, (done.stdout + done.stderr)[-4000:]
    return done


@pytest.fixture(scope="session")
def run() -> Run:
    """What runs a command."""
    return _run


@pytest.fixture(scope="session")
def gcc() -> Path:
    """The folder of a build by the compiler of this machine."""
    return _built("compile", "native")


@pytest.fixture(scope="session")
def clang() -> Path:
    """The folder of a build by clang, with sanitizers and fuzzers."""
    return _built("compile-sanitized")


@pytest.fixture(scope="session")
def kernels() -> Path:
    """The folder of a build with the kernels in it."""
    return _built("compile", "kernels", "-DEDGEATTN_KERNELS=ON")


def _built(script: str, *options: str) -> Path:
    if shutil.which("cmake") is None:
        pytest.skip("the C++ runtime is built with CMake")
    return Path(_run(CPP / script, *options).stdout.strip())
