"""Tests as on an x86 CPU without VNNI, whose 8-bit products may saturate.

    python tests/isa/without_vnni.py emulated [FILE ...]   those in EMULATED, on a Haswell that qemu emulates
    python tests/isa/without_vnni.py hidden [FILE ...]     all, on this CPU, at full speed, its VNNI hidden

What follows goes to pytest. Emulation is 5 to 30 times slower, on any x86-64 with Linux. Hiding needs a C
compiler and an Intel CPU whose CPUID can be intercepted, as hide_vnni.c says.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from emulators import CACHE, haswell

HERE = Path(__file__).parent

EMULATED = ("tests/runtime", "tests/export/quantize", "tests/export/search")  # of what int8 computes
NATIVE = [f"--ignore=tests/runtime/{each}" for each in ("apps", "cpp", "web")]  # a test starts them


def emulated(arguments: list[str]) -> int:
    """Run tests on two workers, which are emulated; what a test starts itself is not."""
    worker = f"2*popen//python={' '.join(haswell(CACHE).command)}"
    options = ["-o", "addopts=--import-mode=importlib --strict-markers", "--tx", worker, "--dist", "loadfile"]
    return _pytest([*options, *(arguments or (*EMULATED, *NATIVE))])


def hidden(arguments: list[str]) -> int:
    """Run tests with VNNI hidden, or say that it cannot be."""
    with tempfile.TemporaryDirectory(prefix="edgeattn-isa-") as folder:
        library = str(Path(folder) / "hide_vnni.so")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, HERE / "hide_vnni.c"], check=True)
        environment = {**os.environ, "LD_PRELOAD": library}
        if subprocess.run([sys.executable, "-c", ""], env=environment, check=False).returncode:
            print("no test ran: VNNI cannot be hidden here", file=sys.stderr)
            return 0
        return _pytest(arguments, environment)


def _pytest(arguments: list[str], environment: dict[str, str] | None = None) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, env=environment, cwd=HERE.parents[1], check=False).returncode


if __name__ == "__main__":
    way = {"emulated": emulated, "hidden": hidden}[sys.argv[1]]
    sys.exit(way(sys.argv[2:]))
