"""The kernels' wheels for Linux: installed in an empty environment, and on arm64 as qemu emulates it.

    runtime/kernels/wheel FOLDER
    python tests/isa/kernel_wheels.py FOLDER

Each CPU, that of this machine and arm64 with and without dot products of int8, answers the golden inputs of a
bundle with nodes for kernels, by the kernels and by their functions. It takes them by itself where it has dot
products alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from emulators import ARM64, CACHE, ROOT, arm64

CONFORMANCE = ROOT / "runtime" / "conformance"
BUNDLE = CONFORMANCE / "build" / "kernels.edge"
ANSWER = """
import json, os, sys
from edgeattn_runtime import load
from edgeattn_runtime.bundle.golden import check

def answered(kernels):
    model = load(sys.argv[1], kernels=kernels)
    assert all(result.ok for result in check(model)), check(model)
    return str(model.kernels)

by_itself = answered(True)
os.environ["EDGEATTN_KERNELS"] = "always"
with open(sys.argv[2], "w") as file:
    json.dump([by_itself, answered(True), answered(False)], file)
"""


def main(wheels: Path) -> None:
    """Run the bundle on every CPU, and print which way it went.

    Raises:
        RuntimeError: An answer is wrong, or a library cannot be loaded.
    """
    subprocess.run([sys.executable, CONFORMANCE / "make.py"], check=True)
    (native,), (foreign,) = (list(wheels.glob(f"*_{processor}.whl")) for processor in ("x86_64", "aarch64"))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "empty", with_pip=True)
        python = place / "empty" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", ROOT, native], check=True)
        words = Path("/proc/cpuinfo").read_text("utf-8").split()
        _try("this machine", _running(python), place, "avx512_vnni" in words or "avx_vnni" in words)
        zipfile.ZipFile(foreign).extractall(place / "site")
        for name in ARM64:
            cpu = arm64(name, CACHE)
            paths = os.pathsep.join((str(place / "site"), cpu.environment["PYTHONPATH"]))
            emulated = replace(cpu, environment={**cpu.environment, "PYTHONPATH": paths})
            _try(name, emulated.python, place, name != "cortex-a53")


def _running(python: Path) -> Callable[..., object]:
    return lambda *words: subprocess.run([python, *words], check=True)


def _try(name: str, python: Callable[..., object], place: Path, has_dot_products: bool) -> None:
    told = place / "told.json"
    python("-c", ANSWER, str(BUNDLE), str(told))
    by_itself, forced, without = json.loads(told.read_text())
    print(f"{name}: {by_itself}; forced: {forced}", flush=True)
    found = (by_itself.startswith("kernels"), "with dot products" in forced)
    if found != (has_dot_products, has_dot_products) or without != "without kernels: turned off":
        raise RuntimeError(f"{name}: {by_itself}; {forced}; {without}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
