"""Are the intervals of `edgeattn bench` right about a later measurement, idle and beside a busy process?

    python tests/bench/bench_intervals.py NAME.edge [--processes 160] [--state idle busy]

Starts the bundle in processes in a row, and takes every eight of them as one measurement of `edgeattn bench`.
Prints for p50, p90 and p99 how often the intervals of one measurement and of the next, the third and the
fifth after it have something in common, how often an interval holds the figure of all processes together,
and how wide it is. `bench_repeats.py` runs the whole command instead: fewer measurements in the same time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median

import numpy as np
from bench_repeats import STATES, in_state

from edgeattn.measure.isolated import ALL_SECONDS, PROCESSES, launches
from edgeattn.progress import Silent
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import read_golden
from edgeattn_runtime.commands.tables import margin_text
from edgeattn_runtime.engine.compatibility import runnable
from edgeattn_runtime.timing.confidence import Interval, Times, interval_of
from edgeattn_runtime.timing.machine import Machine

SHARES = (0.5, 0.9, 0.99)
LATER = (1, 3, 5)  # measurements


def main() -> int:
    arguments = _arguments()
    print(Machine.here())
    for state in arguments.state:
        with in_state(state):
            times = _measured(arguments.bundle, arguments.processes)
        for share in SHARES:
            print(f"{state}: {_line(times, share)}", flush=True)
    return 0


def _measured(bundle: Path, processes: int) -> list[Times]:
    files = open_bundle(bundle)
    variant, *_ = runnable(files.manifest)
    inputs = [sample.inputs for sample in read_golden(files).samples]
    found = launches(
        bundle,
        variant.target,
        [inputs],
        threads=[1],
        seconds=ALL_SECONDS / PROCESSES,
        progress=Silent(),
        processes=processes,
    )
    return [np.asarray(launch.series[0].times_ms) for launch in found[1]]


def _line(times: Sequence[Times], share: float) -> str:
    found = [interval_of(times[i : i + PROCESSES], share) for i in range(len(times) - PROCESSES + 1)]
    intervals = [interval for interval in found if interval is not None]
    all_of_them = float(np.quantile(np.concatenate(times), share))
    held = fmean(interval.low <= all_of_them <= interval.high for interval in intervals)
    agree = ", ".join(f"{_agreeing(intervals, later):.3f} of those {later} later" for later in LATER)
    width = margin_text(Interval(1.0, median(interval.high / interval.low for interval in intervals)))
    return f"p{100 * share:.0f}: agree with {agree}; hold all processes' {held:.3f}; {width}"


def _agreeing(intervals: Sequence[Interval], later: int) -> float:
    distance = later * PROCESSES
    return fmean(a.overlaps(b) for a, b in zip(intervals, intervals[distance:], strict=False))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("bundle", type=Path, metavar="NAME.edge")
    parser.add_argument("--processes", type=int, default=160)
    parser.add_argument("--state", nargs="+", choices=STATES, default=STATES)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
