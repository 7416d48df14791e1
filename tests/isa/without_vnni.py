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

# These hold int8 to bounds that saturating products break; each leaves the list when it is mended.
SATURATING = (
    "tests/coverage/test_forms.py",
    "tests/export/cache/test_rehearse.py",
    "tests/export/quantize/test_apart.py",
    "tests/export/quantize/test_calibration.py",
    "tests/export/quantize/test_layers.py",
    "tests/export/quantize/test_linear_int8.py",
    "tests/export/quantize/test_linear_int8_per_token.py",
    "tests/export/quantize/test_linear_int8_static.py",
    "tests/export/quantize/test_linear_int8_twice.py",
    "tests/export/quantize/test_quantize.py",
    "tests/export/quantize/test_saturation.py",
    "tests/export/quantize/test_smoothing.py",
    "tests/export/quantize/test_splitting.py",
    "tests/export/search/test_search.py",
)


def emulated(arguments: list[str]) -> int:
    """Run tests on two workers, which are emulated; what a test starts itself is not."""
    worker = f"2*popen//python={' '.join(haswell(CACHE).command)}"
    options = ["-o", "addopts=--import-mode=importlib --strict-markers", "--tx", worker, "--dist", "loadfile"]
    return _pytest([*options, *(arguments or (*EMULATED, *_without(SATURATING)))])


def hidden(arguments: list[str]) -> int:
    """Run tests with VNNI hidden, or say that it cannot be."""
    with tempfile.TemporaryDirectory(prefix="edgeattn-isa-") as folder:
        library = str(Path(folder) / "hide_vnni.so")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, HERE / "hide_vnni.c"], check=True)
        environment = {**os.environ, "LD_PRELOAD": library}
        if subprocess.run([sys.executable, "-c", ""], env=environment, check=False).returncode:
            print("no test ran: VNNI cannot be hidden here", file=sys.stderr)
            return 0
        return _pytest(arguments or _without(SATURATING), environment)


def _without(files: tuple[str, ...]) -> list[str]:
    return [f"--ignore={file}" for file in files]


def _pytest(arguments: list[str], environment: dict[str, str] | None = None) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, env=environment, cwd=HERE.parents[1], check=False).returncode


if __name__ == "__main__":
    way = {"emulated": emulated, "hidden": hidden}[sys.argv[1]]
    sys.exit(way(sys.argv[2:]))
