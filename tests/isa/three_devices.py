"""digits on three devices, one of them emulated: export --on, bench --on and sweep --on.

    python tests/isa/three_devices.py [MODEL ...] [--cache FOLDER]

Models are those under models/, digits where none is named; devices those of several_devices.py. Prints what
each device says; exit code 1 where a verdict is no pass, or a golden sample is wrong. Emulation proves
answers, never speed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulators import CACHE, ROOT
from rich.console import Console
from rich.table import Table
from several_devices import listed, three

from edgeattn.results.bundle import read_report
from edgeattn.results.latency import INT8
from edgeattn_runtime.bundle.folder import open_bundle


@dataclass(frozen=True)
class Told:
    """What came of a model on a device: by its export, its benchmark and its row of a sweep."""

    device: str
    machine: str
    verdict: str
    latency_ms: float
    bench_ms: float
    golden_ok: bool
    row: str
    recipe: str

    @property
    def is_right(self) -> bool:
        """Whether all of it is."""
        return self.golden_ok and self.verdict == self.row == "pass"


def main() -> int:
    """Run the three commands for each model, and print what devices say."""
    parser = argparse.ArgumentParser(description="Export, benchmark and sweep on three devices.")
    parser.add_argument("models", nargs="*", metavar="MODEL", default=["digits"])
    parser.add_argument("--cache", type=Path, default=CACHE, help="where emulators are kept")
    arguments = parser.parse_args()
    pythons = three(arguments.cache)
    found: list[Told] = []
    with (
        tempfile.TemporaryDirectory(prefix="edgeattn-isa-") as folder,
        listed(pythons, Path(folder)),
    ):
        for model in arguments.models:
            told = Commands(model, Path(folder), tuple(pythons)).told()
            _show(model, told)
            found += told
    return int(not all(each.is_right for each in found))


@dataclass(frozen=True)
class Commands:
    """The commands for a model, on devices."""

    model: str
    folder: Path
    devices: Sequence[str]

    def told(self) -> list[Told]:
        """Run them, and return what each device says."""
        bundle = self.folder / f"{self.model}.edge"
        path = str(ROOT / "models" / self.model / "model.py")
        self._run("export", path, "-o", str(bundle))
        benches = json.loads(self._run("bench", str(bundle), "--json"))
        rows = json.loads(
            self._run(
                "sweep", path, "-o", str(self.folder / f"{self.model}-sweep"), "--workers", "1", "--json"
            )
        )
        return [self._of(name, bundle, benches[name], rows["rows"]) for name in self.devices]

    def _of(self, name: str, bundle: Path, bench: dict[str, Any], rows: Sequence[dict[str, Any]]) -> Told:
        """Gather what they say of a device; a variant is for it by its name."""
        report = read_report(open_bundle(bundle), f"cpu-on-{name}")
        (row,) = (row for row in rows if row["device"] == name)
        return Told(
            device=str(report.device),
            machine=str(report.machine),
            verdict=report.verdict,
            latency_ms=float("nan") if report.latency_ms is None else report.latency_ms[INT8].p50,
            bench_ms=bench["runs"][0]["timings"][0]["latency_ms"]["p50"],
            golden_ok=all(golden["ok"] for golden in bench["golden"]),
            row=row["verdict"],
            recipe=row["recipe"],
        )

    def _run(self, verb: str, *words: str) -> str:
        """Run a command on all devices, and return what it prints."""
        on = [word for name in self.devices for word in ("--on", name)]
        command = [sys.executable, "-m", "edgeattn", verb, *words, *on]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def _show(model: str, told: Sequence[Told]) -> None:
    table = Table("device", "machine", "export", "ms", "bench, ms", "golden", "sweep", "recipe", title=model)
    for each in told:
        table.add_row(
            each.device,
            each.machine,
            each.verdict,
            f"{each.latency_ms:.3g}",
            f"{each.bench_ms:.3g}",
            "right" if each.golden_ok else "wrong",
            each.row,
            each.recipe,
        )
    Console(width=150).print(table)


if __name__ == "__main__":
    sys.exit(main())
