"""The kernels' own tests, against doubles, for every instruction set of this CPU."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import pytest


def test_against_doubles(built: Path) -> None:
    done = subprocess.run(
        ["ctest", "--test-dir", str(built), "--output-on-failure"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "100% tests passed" in done.stdout


def test_exports(library: Path) -> None:
    kernels = ctypes.CDLL(str(library))
    for name in ("edgeattn_kernels_instruction_set", "edgeattn_kernels_version"):
        function = getattr(kernels, name)
        function.restype = ctypes.c_char_p
        assert function().decode()
    with pytest.raises(AttributeError):
        _ = kernels.run_layer
