"""A command on this CPU at full speed, with all that is newer than AVX2 hidden from it.

    python tests/isa/without_vnni.py pytest
    python tests/isa/without_vnni.py python tests/bench/bench_int8.py

It needs a C compiler, Linux, and an Intel CPU whose CPUID can be intercepted, as hide_vnni.c says; elsewhere
the exit code is 1. Libraries choose their kernels as on a Haswell; /proc/cpuinfo still names this CPU.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("hide_vnni.c")


def main(command: list[str]) -> int:
    """Run it, and all that it starts; return its exit code."""
    with tempfile.TemporaryDirectory(prefix="edgeattn-isa-") as folder:
        library = str(Path(folder) / "hide_vnni.so")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
        return subprocess.run(command, env={**os.environ, "LD_PRELOAD": library}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
