"""Do two runs of `edgeattn bench` agree within their stated intervals, idle and beside a busy process?

    python tests/bench/bench_repeats.py NAME.edge [MODEL] [--pairs 10] [--state idle busy]

Runs the command twice in a row, again and again, and counts the figures whose intervals have something in
common, as `edgeattn bench --compare` does: at least 9 of 10 must. In the state "busy" another process keeps
one core busy meanwhile. Prints each figure that does not agree, and the width of the intervals, since what
is wide enough always agrees. Exit code 1 where fewer agree.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from edgeattn.report.changes.benchmarks import BenchmarkChange, benchmark_changes
from edgeattn.results.benchmark import read_benchmark

AGREE = 0.9
STATES = ("idle", "busy")


def main() -> int:
    arguments = _arguments()
    failed = False
    for state in arguments.state:
        with in_state(state):
            found = [change for i in range(arguments.pairs) for change in _pair(arguments.bench, i)]
        decided = [change for change in found if change.verdict != "unknown"]
        agreeing = sum(change.verdict == "same" for change in decided)
        print(f"{state}: {agreeing} of {len(decided)} figures agree; {_widths(decided)}", flush=True)
        failed |= agreeing < AGREE * len(decided)
    return int(failed)


def _pair(bench: Sequence[str], index: int) -> tuple[BenchmarkChange, ...]:
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        results = []
        for name in ("first", "second"):
            path = Path(folder) / f"{name}.json"
            command = [sys.executable, "-m", "edgeattn", "bench", *bench, "--json"]
            path.write_text(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            results.append(read_benchmark(path))
        found = benchmark_changes(*results)
    counted = Counter(change.verdict for change in found)
    print(
        f"  pair {index}: {', '.join(f'{count} {verdict}' for verdict, count in counted.items())}", flush=True
    )
    for change in found:
        if change.verdict not in ("same", "unknown"):
            print(f"    {change.name} {change.at}: {change.before}, then {change.after}", flush=True)
    return found


def _widths(found: Sequence[BenchmarkChange]) -> str:
    """Return by what share figures may be off, the median over the runs."""
    by_name: dict[str, list[float]] = {}
    for change in found:
        for interval in (change.before.interval, change.after.interval):
            if interval is not None:
                by_name.setdefault(change.name, []).append((interval.high / interval.low) ** 0.5 - 1)
    return ", ".join(f"{name} ±{100 * median(widths):.1f} %" for name, widths in by_name.items())


@contextmanager
def in_state(name: str) -> Iterator[None]:
    """Keep one core busy inside the block where the state is "busy"."""
    if name == "idle":
        yield
        return
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("bench", nargs="+", metavar="NAME.edge [MODEL]", help="what edgeattn bench takes")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--state", nargs="+", choices=STATES, default=STATES)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
