"""A model that is fastest in int8 on one device, and in float on another: each gets a recipe of its own.

    python tests/isa/other_recipe.py [--cache FOLDER]

points.py is exported on an emulated Haswell and an emulated Cortex-A53, whose emulators do the same on any
CPU. Prints what each one's recipe costs on either; exit code 1 where both get the same recipe, or where one's
own is slower there than the other's.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from emulators import CACHE, arm64, haswell_by_name
from rich.console import Console
from several_devices import listed

from edgeattn.report.table.machines import prices_parts
from edgeattn.results.bundle import read_report
from edgeattn.results.latency import Price
from edgeattn_runtime.bundle.folder import open_bundle

MODEL = Path(__file__).with_name("points.py")


def main() -> int:
    """Export, print, compare."""
    parser = argparse.ArgumentParser(description="Export on two devices that differ.")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where emulators are kept")
    cache = parser.parse_args().cache
    cpus = {"haswell": haswell_by_name(cache), "a53": arm64("cortex-a53", cache)}
    with tempfile.TemporaryDirectory(prefix="edgeattn-isa-") as name:
        folder = Path(name)
        pythons = {device: cpu.interpreter(folder / f"python-{device}") for device, cpu in cpus.items()}
        with listed(pythons, folder):
            bundle = _export(folder / "points.edge", tuple(pythons))
        prices = read_report(open_bundle(bundle), f"cpu-on-{next(iter(pythons))}").prices
    Console(width=110).print(*prices_parts(prices))
    return int(not (_differ(prices) and all(_is_best(price, prices) for price in prices)))


def _export(bundle: Path, devices: Sequence[str]) -> Path:
    on = [word for name in devices for word in ("--on", name)]
    command = [sys.executable, "-m", "edgeattn", "export", str(MODEL), "-o", str(bundle), *on]
    subprocess.run(command, check=True)
    return bundle


def _differ(prices: Sequence[Price]) -> bool:
    return len({price.recipe for price in prices}) > 1


def _is_best(price: Price, prices: Sequence[Price]) -> bool:
    """Return whether none is faster on a device than its own; of another device's there is no question."""
    if price.target != f"cpu-on-{price.device}":
        return True
    return price.latency_ms <= min(each.latency_ms for each in prices if each.device == price.device)


if __name__ == "__main__":
    sys.exit(main())
