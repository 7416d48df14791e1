"""The kernels' own tests, against doubles, for every instruction set of this CPU."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import pytest


def _run(*command: str | Path) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout + done.stderr


@pytest.mark.parametrize("build", ["built", "sanitized"])
def test_against_doubles(build: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(build)
    said = _run("ctest", "--test-dir", folder, "--output-on-failure", "--parallel", "2")
    assert "100% tests passed" in said


def test_exports(library: Path) -> None:
    kernels = ctypes.CDLL(str(library))
    for name in ("edgeattn_kernels_instruction_set", "edgeattn_kernels_version"):
        function = getattr(kernels, name)
        function.restype = ctypes.c_char_p
        assert function().decode()
    with pytest.raises(AttributeError):
        _ = kernels.run_layer
