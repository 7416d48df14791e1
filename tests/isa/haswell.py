"""The tests of numbers on an x86 CPU without VNNI, whose 8-bit products may saturate, emulated by qemu.

    python tests/isa/haswell.py [FILE ...]

Without files it runs what int8 computes; what follows goes to pytest. It is 5 to 30 times slower than the CPU
itself, on any x86-64 with Linux.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from emulators import CACHE, haswell

NUMBERS = ("tests/runtime", "tests/export/quantize", "tests/export/search")
NATIVE = [f"--ignore=tests/runtime/{each}" for each in ("apps", "cpp", "web")]  # a test starts them


def main(arguments: list[str]) -> int:
    """Run tests on two workers, which are emulated; what a test starts itself is not."""
    worker = f"2*popen//python={' '.join(haswell(CACHE).command)}"
    options = ["-o", "addopts=--import-mode=importlib --strict-markers", "--tx", worker, "--dist", "loadfile"]
    command = [sys.executable, "-m", "pytest", *options, *(arguments or (*NUMBERS, *NATIVE))]
    return subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
