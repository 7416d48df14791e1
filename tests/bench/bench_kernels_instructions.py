"""Instructions of a call, by edgeattn's own kernels and by stock operators, on a CPU that Bochs emulates.

    python tests/bench/bench_kernels_instructions.py NAME.edge ... [--cpu tigerlake]

A bundle has nodes for kernels, as one of `edgeattn export MODEL --recipe kernels.json`. Bochs counts each
instruction as one turn of its clock, so a count is the same on every machine, whatever else that does. It is
no time: instructions take unlike long, and memory takes none. Prints the millions of a call of each golden
input and their ratio, and takes Debian's packages as `make vnni` does.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "isa"))

import bochs
from emulators import CACHE
from programs import edgeattn_run

WAYS = ("", " --no-kernels")
ROUNDS = 5  # all but the first take as many
COLUMNS = ("model", "golden input", "with kernels", "without", "ratio")


def main() -> None:
    """Count, and print a row a golden input."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundles", type=Path, nargs="+", metavar="NAME.edge")
    parser.add_argument("--cpu", default="tigerlake", help="of `bochs --help cpu`; it has AVX-512 and VNNI")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where downloads are kept")
    asked = parser.parse_args()
    files = {bundle.name: bundle for bundle in asked.bundles}
    commands = [
        f"./edgeattn-run bench {name} --rounds {ROUNDS} --json{way}" for name in files for way in WAYS
    ]
    frequency = "awk '/cpu MHz/ {print $4}' /proc/cpuinfo"  # turns of the clock in a microsecond
    runner = {"edgeattn-run": edgeattn_run(kernels=True)}
    printed = bochs.run(asked.cpu, [frequency, *commands], {**runner, **files}, asked.cache)
    turns, _, reports = printed.partition("\n")
    found = list(_documents(reports))
    print(f"{found[0]['machine']['cpu']}, {found[0]['machine']['kernels']}; millions of instructions\n")
    for cells in (COLUMNS, ["---"] * len(COLUMNS), *_rows(found, float(turns))):
        print(f"| {' | '.join(cells)} |")


def _documents(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield what JSON follows JSON."""
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:]


def _rows(reports: Sequence[Mapping[str, Any]], turns: float) -> Iterator[Sequence[str]]:
    for ours, stock in zip(reports[::2], reports[1::2], strict=True):
        timings = zip(ours["runs"][0]["timings"], stock["runs"][0]["timings"], strict=True)
        for each, other in timings:
            millions, without = (timing["latency_ms"]["p50"] * turns / 1e3 for timing in (each, other))
            shape = ", ".join(f"{name} {size}" for name, size in each["shape"].items())
            yield ours["model"], shape, f"{millions:.2f}", f"{without:.2f}", f"{millions / without:.2f}"


if __name__ == "__main__":
    main()
