"""The tests of numbers on an older x86 CPU, emulated by qemu: without VNNI, or without AVX.

    python tests/isa/older_x86.py {haswell,westmere} [FILE ...]

On a Haswell 8-bit products may saturate; on a Westmere libraries take their oldest kernels. Without files it
runs what int8 computes; what follows goes to pytest. It is 5 to 30 times slower than the CPU itself, on any
x86-64 with Linux. On a CPU without AVX-512 and VNNI, such as Zen 3, plain pytest is the run of a Haswell.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from emulators import CACHE, haswell, westmere

from edgeattn_runtime.timing.machine import Machine

# What else the runtime does, such as reading files, is alike on every x86 CPU. A search weighs what forms
# answer, and would double the time.
ANSWERS = (
    *(
        "test_conformance",
        "test_model",
        "engine/test_batching",
        "timing/test_confidence",
        "engine/test_buckets",
    ),
    *("bundle/test_generation", "decoding/test_stepper"),
)
NUMBERS = (
    "tests/export/quantize",
    *(f"tests/runtime/{each}.py" for each in ANSWERS),
)


CPUS = {"haswell": haswell, "westmere": westmere}


def main(arguments: list[str]) -> int:
    """Run tests on two emulated workers; what a test starts itself is not emulated."""
    if not arguments or arguments[0] not in CPUS:
        print(f"expected a CPU, one of {', '.join(CPUS)}; found {arguments[:1]}", file=sys.stderr)
        return 2
    cpu, *arguments = arguments
    if cpu == "haswell" and _is_like_haswell(Machine.here()):
        print("this CPU has no AVX-512 and no VNNI: run pytest, whose tests saturate here as on a Haswell")
        return 0
    worker = f"2*popen//python={' '.join(CPUS[cpu](CACHE).command)}"
    options = ["-o", "addopts=--import-mode=importlib --strict-markers", "--tx", worker, "--dist", "loadfile"]
    command = [sys.executable, "-m", "pytest", *options, *(arguments or NUMBERS)]
    return subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode


def _is_like_haswell(machine: Machine) -> bool:
    """Say whether int8 kernels take the same way here as on a Haswell."""
    return "avx2" in machine.instruction_sets and not any(
        "vnni" in name or "avx512" in name or "amx" in name for name in machine.instruction_sets
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
