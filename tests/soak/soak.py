"""Bad inputs, faults, long life and many threads for a bounded time: one table, and exit code 1 for a fault.

    python tests/soak/soak.py 30m [--seed 0] [--fuzzed counts.json ...]

Counts follow the time: a million inferences and ten thousand loads in half an hour, where the machine is as
quick. One core is enough, but for the threads. What turned out bad is kept, and named.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

from bad_inputs import try_inputs
from faults import inject
from figures import BAD, BadInputs, Row, faults_of, printed
from leaks import live
from rich.console import Console
from threads import call_from_threads

HALF_AN_HOUR: Final = 1800.0  # seconds
SHARES: Final = {"inputs": 0.38, "life": 0.27, "threads": 0.05, "faults": 0.3}
UNITS: Final = {"s": 1, "m": 60, "h": 3600}
DIGITS: Final = Path(__file__).parents[2] / "models" / "digits" / "model.py"
MAKE: Final = Path(__file__).parents[2] / "runtime" / "conformance" / "make.py"
COMPILE: Final = Path(__file__).parents[2] / "runtime" / "cpp" / "compile"
WIDTH: Final = 130  # characters


def soak(seconds: float, seed: int, place: Path, core: Path) -> list[Row]:
    """Return what a run of so many seconds finds.

    Args:
        seconds: The time.
        seed: Of what is drawn.
        place: A folder for all of it; what turns out bad stays there.
        core: The library of the C++ core.
    """
    draw, share = Random(seed), {part: share * seconds for part, share in SHARES.items()}
    digits = place / "digits.edge"
    subprocess.run(
        [sys.executable, "-m", "edgeattn", "export", str(DIGITS), "-o", str(digits), "--json"],
        env={**os.environ, "EDGEATTN_CACHE": str(place / "cache")},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    (place / "inputs").mkdir()
    (place / "faults").mkdir()
    rows: list[Row] = [*try_inputs(share["inputs"], draw, place / "inputs", [digits])]
    rows += inject(share["faults"], draw, place / "faults")
    rows += live(share["life"], seconds / HALF_AN_HOUR, digits, core)
    rows += call_from_threads(share["threads"], digits)
    return rows


def fuzzed(path: Path) -> list[BadInputs]:
    """Return the rows of fuzzers' counts: a list of objects, with the names of the columns as keys."""
    return [
        BadInputs(
            each["name"],
            each["tried"],
            each["refused"],
            Counter({kind: each[kind] for kind in BAD if each[kind]}),
        )
        for each in json.loads(path.read_text("utf-8"))
    ]


def built() -> Path:
    """Return the library of the C++ core, built here."""
    ended = subprocess.run([str(COMPILE), "native"], stdout=subprocess.PIPE, text=True, check=True)
    return Path(ended.stdout.strip()) / "tests" / "libedgeattn-shared.so"


def seconds_of(text: str) -> float:
    """Return the seconds of a time, such as 90s, 5m or 1h."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} found, a time such as 5m expected")
    return float(match[1]) * UNITS[match[2]]


def main() -> int:
    """Soak, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("time", type=seconds_of, nargs="?", default="30m")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fuzzed", type=Path, action="append", default=[], metavar="COUNTS")
    parser.add_argument("--core", type=Path, metavar="LIBRARY", help="of the C++ core; else it is built")
    given = parser.parse_args()
    subprocess.run([sys.executable, MAKE], check=True)
    place = Path(tempfile.mkdtemp(prefix="edgeattn-soak-"))
    fuzzers = [row for path in given.fuzzed for row in fuzzed(path)]
    rows = [*fuzzers, *soak(given.time, given.seed, place, given.core or built())]
    printed(rows, f"A soak of {given.time / 60:g} minutes, seed {given.seed}", Console(width=WIDTH))
    bad = faults_of(rows)
    for words in bad:
        print(words, file=sys.stderr)
    if bad:
        print(f"what was bad is kept in {place}", file=sys.stderr)
        return 1
    shutil.rmtree(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
