"""What an emulated machine runs: programs of the C++ runtime and of the kernels, built here."""

from __future__ import annotations

import subprocess
from pathlib import Path

from emulators import ROOT


def edgeattn_run(*, kernels: bool) -> Path:
    """Build the C++ runtime's command, with the kernels in it or without, and return it."""
    options = ("kernels", "-DEDGEATTN_KERNELS=ON") if kernels else ("native",)
    return _built("cpp/compile", *options) / "edgeattn-run"


def kernel_tests(build: str, *options: str) -> Path:
    """Build the kernels' tests in a folder of this name, and return where they are."""
    return _built("kernels/compile", build, *options) / "tests"


def _built(script: str, *options: str) -> Path:
    command = [str(ROOT / "runtime" / script), *options]
    return Path(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
