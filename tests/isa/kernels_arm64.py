"""The kernels' wheel for arm64, run by qemu on CPUs with and without dot products of int8.

    runtime/kernels/wheel FOLDER aarch64
    python tests/isa/kernels_arm64.py FOLDER/edgeattn_kernels-*.whl

Each CPU answers the golden inputs of a bundle with nodes for kernels, by the kernels and by their functions.
It takes them by itself where it has dot products alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

from emulators import ARM64, CACHE, ROOT, arm64

CONFORMANCE = ROOT / "runtime" / "conformance"
BUNDLE = CONFORMANCE / "build" / "kernels.edge"
DOT_PRODUCTS = {name: name != "cortex-a53" for name in ARM64}
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


def main(wheel: Path) -> None:
    """Run the bundle on every CPU, and print which way it went.

    Raises:
        RuntimeError: An answer is wrong, or a library cannot be loaded.
    """
    subprocess.run([sys.executable, CONFORMANCE / "make.py"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        site, told = Path(folder) / "site", Path(folder) / "told.json"
        zipfile.ZipFile(wheel).extractall(site)
        for name, has_dot_products in DOT_PRODUCTS.items():
            cpu = arm64(name, CACHE)
            paths = os.pathsep.join((str(site), cpu.environment["PYTHONPATH"]))
            replace(cpu, environment={**cpu.environment, "PYTHONPATH": paths}).python(
                "-c", ANSWER, str(BUNDLE), str(told)
            )
            by_itself, forced, without = json.loads(told.read_text())
            print(f"{name}: {by_itself}; forced: {forced}", flush=True)
            found = (by_itself.startswith("kernels"), forced.endswith("with dot products)"))
            if found != (has_dot_products, has_dot_products) or without != "without kernels: turned off":
                raise RuntimeError(f"{name}: {by_itself}; {forced}; {without}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
