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


def test_against_doubles(built: Path) -> None:
    assert "100% tests passed" in _run("ctest", "--test-dir", built, "--output-on-failure")


def test_against_doubles_with_sanitizers(sanitized: Path) -> None:
    assert "100% tests passed" in _run("ctest", "--test-dir", sanitized, "--output-on-failure")


@pytest.mark.parametrize("kernel", ["int8_linear", "attention"])
def test_fuzzed(kernel: str, sanitized: Path) -> None:
    fuzzer = sanitized / "tests" / f"fuzz_{kernel}"
    assert "Done " in _run(fuzzer, "-max_total_time=20", "-max_len=512", f"-artifact_prefix={sanitized}/")


def test_exports(library: Path) -> None:
    kernels = ctypes.CDLL(str(library))
    for name in ("edgeattn_kernels_instruction_set", "edgeattn_kernels_version"):
        function = getattr(kernels, name)
        function.restype = ctypes.c_char_p
        assert function().decode()
    with pytest.raises(AttributeError):
        _ = kernels.run_layer
