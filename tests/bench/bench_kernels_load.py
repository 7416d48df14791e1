"""What edgeattn's own kernels take beside their time: of loading, of memory, and of a package.

    pip install ./runtime/kernels
    python tests/bench/bench_kernels_load.py NAME.edge

The bundle has nodes for kernels, as one of `edgeattn export models/sentence/model.py --recipe kernels.json`.
Processes load it in turn with kernels and without, on one thread. Prints the processor's milliseconds that
loading takes, in the median of them, and each way's peak memory once the golden inputs are answered; then the
library's size, stripped, and the lines of its sources. On a CPU without dot products of int8 no kernel is
taken: EDGEATTN_KERNELS=always measures them there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from edgeattn_runtime.engine.kernels import kernels_here
from edgeattn_runtime.timing.machine import Machine

SOURCES = Path(__file__).parents[2] / "runtime/kernels/src"
PROCESSES = 9  # each way
WAYS = {"with kernels": True, "without": False}
MEASURED = """
import json, sys, time
from edgeattn_runtime import load
from edgeattn_runtime.bundle.golden import read_golden
from edgeattn_runtime.engine.system import peak_memory_mb
began = time.process_time()
model = load(sys.argv[1], threads=1, kernels=sys.argv[2] == "True")
load_ms = 1e3 * (time.process_time() - began)
for sample in read_golden(model.files).samples:
    model(**sample.inputs)
print(json.dumps([load_ms, peak_memory_mb()]))
"""


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    bundle = parser.parse_args().bundle
    kernels = kernels_here()
    if kernels.library is None:
        sys.exit("bench_kernels_load: no kernels here: pip install ./runtime/kernels; see docs/kernels.md")
    print(Machine.here(kernels))
    figures: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for _ in range(PROCESSES):
        for way, taken in WAYS.items():
            figures[way].append(_process(bundle, taken))
    for way, its in figures.items():
        load_ms, peak_mb = (median(each) for each in zip(*its, strict=True))
        print(f"{way}: {load_ms:.0f} ms of the processor to load, {peak_mb:.0f} MB at most")
    print(f"the library: {_stripped(Path(kernels.library.path)) / 1e3:.0f} kB stripped")
    print(f"its sources: {_lines(SOURCES.iterdir())} lines that are not blank")


def _process(bundle: Path, kernels: bool) -> tuple[float, float]:
    """Return the milliseconds that a process takes to load a bundle, and its peak memory in MB."""
    command = [sys.executable, "-c", MEASURED, str(bundle), str(kernels)]
    load_ms, peak_mb = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return load_ms, peak_mb


def _stripped(library: Path) -> int:
    """Return the bytes of a library without symbols that nobody links."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / library.name
        subprocess.run(["strip", "--strip-unneeded", "-o", str(copy), str(library)], check=True)
        return copy.stat().st_size


def _lines(files: Iterable[Path]) -> int:
    return sum(bool(line.strip()) for file in files for line in file.read_text("utf-8").splitlines())


if __name__ == "__main__":
    main()
