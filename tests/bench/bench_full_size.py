"""Time and memory of exports at full size, a process each.

    python tests/bench/bench_full_size.py [NETWORK ...]

Each network is exported by default, with nothing known of it from an earlier run. Prints seconds in all and
of the processor, the process's peak memory, the worst cosine and the int8 size. Weights are random: the
cosine says that the export is whole, and nothing of a trained network.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from networks.full_size import NETWORKS
from rich.console import Console
from rich.table import Table

from edgeattn.pipeline import export
from edgeattn.results.latency import INT8

LIMIT_S, LIMIT_GB = 300, 8.0  # of an export on two cores
ONE = "--one"
COLUMNS = {"seconds": 0, "processor": 0, "peak_gb": 1, "cosine": 5, "mb": 1}  # and their digits


def main() -> None:
    """Export every network that is asked for, and print."""
    arguments = _arguments()
    if arguments.one:
        print(json.dumps(_exported(arguments.networks[0])))
        return
    table = Table(title="exports at full size")
    for title in ("network", "seconds", "of processor", "peak, GB", "cosine", "MB", ""):
        table.add_column(title, justify="left" if title in ("network", "") else "right")
    for name in arguments.networks or NETWORKS:
        found = _in_process(name)
        ok = found["seconds"] <= LIMIT_S and found["peak_gb"] <= LIMIT_GB
        numbers = (f"{found[key]:.{digits}f}" for key, digits in COLUMNS.items())
        table.add_row(name, *numbers, "" if ok else f"over {LIMIT_S} s or {LIMIT_GB:g} GB")
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Export networks at full size.")
    parser.add_argument("networks", nargs="*", help=f"Of {', '.join(NETWORKS)}; all where left out.")
    parser.add_argument(ONE, action="store_true", help="In this process, and print JSON.")
    found = parser.parse_args()
    unknown = [name for name in found.networks if name not in NETWORKS]
    if unknown:
        parser.error(f"{', '.join(unknown)}: unknown; expected of {', '.join(NETWORKS)}")
    return found


def _in_process(name: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as nothing_known:
        environment = {**os.environ, "EDGEATTN_CACHE": nothing_known}
        command = [sys.executable, __file__, ONE, name]
        return dict(json.loads(subprocess.check_output(command, env=environment).splitlines()[-1]))


def _exported(name: str) -> dict[str, float]:
    logging.disable(logging.WARNING)
    module, samples = NETWORKS[name].module(), NETWORKS[name].inputs()
    start = time.perf_counter()
    bundle = export(module, samples, name=name)
    with tempfile.TemporaryDirectory() as folder:
        bundle.save(Path(folder) / f"{name}.edge")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": time.perf_counter() - start,
        "processor": usage.ru_utime + usage.ru_stime,
        "peak_gb": usage.ru_maxrss * 1024 / 1e9,  # Linux counts kilobytes
        "cosine": bundle.report.accuracy.cosine_min,
        "mb": bundle.report.size_mb[INT8],
    }


if __name__ == "__main__":
    main()
