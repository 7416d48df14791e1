"""The C++ runtime, built by both compilers; what was built before is built no further than it changed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Protocol

import pytest

CPP = Path(__file__).parents[3] / "runtime" / "cpp"
CONFORMANCE = CPP.parent / "conformance"


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
    """The folder of a build by gcc, with all that ``conformance`` makes."""
    _run(CPP / "conformance", CONFORMANCE)
    return CPP / "build" / "native"


@pytest.fixture(scope="session")
def clang() -> Path:
    """The folder of a build by clang with sanitizers and fuzzers."""
    build = CPP / "build" / "sanitized"
    settings = {
        "CMAKE_C_COMPILER": os.environ.get("CLANG", "clang"),
        "CMAKE_CXX_COMPILER": os.environ.get("CLANGXX", "clang++"),
        "CMAKE_CXX_FLAGS": "-O1",
        "ONNXRUNTIME_ROOT": build / "engine",
        "EDGEATTN_TESTS": "ON",
        "EDGEATTN_FUZZERS": "ON",
        "EDGEATTN_SANITIZE": "address,undefined",
    }
    _run(CPP / "engine", build / "engine")
    _run("cmake", "-S", CPP, "-B", build, *(f"-D{name}={value}" for name, value in settings.items()))
    _run("cmake", "--build", build, "--parallel", "2")
    return build
