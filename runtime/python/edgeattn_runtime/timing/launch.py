"""What one process of its own measures of a bundle: how it starts, and how long its calls take.

``python -m edgeattn_runtime.timing.launch`` reads a ``LaunchRequest`` as JSON from stdin and prints a
``Launch``. Whoever compares figures starts several such processes: memory is laid out anew in each, and
nothing is warm at first.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import cycle
from pathlib import Path

from edgeattn_runtime.errors import EdgeAttnError
from edgeattn_runtime.model import load
from edgeattn_runtime.processing.npz import read_npz
from edgeattn_runtime.timing.interleaved import Pace, race_calls
from edgeattn_runtime.timing.latency import Call, milliseconds, window_of
from edgeattn_runtime.timing.surroundings import Surroundings

MOST_CALLS = 600  # of a series at most
WARMING_SHARE = 0.2  # of a series' seconds that calls may take until they get no faster


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """What to measure: for each series the .npz files of its inputs, which take turns, in so many seconds.

    ``target``, ``threads`` and ``kernels`` are as ``load`` takes them; each input is called at least once.
    """

    bundle: str
    target: str | None
    threads: int | None
    seconds: float
    series: Sequence[Sequence[str]]
    kernels: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Calls in their order, whole passes over the inputs, after a warm-up of so many."""

    times_ms: tuple[float, ...]
    warmup: int
    steady: bool
    surroundings: Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One process.

    Attributes:
        load_ms: The checks of every file, and onnxruntime's own preparation; Python and its libraries, which
            an app does not have or has already, are not counted.
        first_call_ms: The call after it, which also sets the session up.
        series: As asked.
    """

    load_ms: float
    first_call_ms: float
    series: tuple[Series, ...]


def launch(request: LaunchRequest) -> Launch:
    """Measure in this process, which has called nothing before.

    Raises:
        InputError: An input is no .npz file, or does not fit the bundle; or as ``load`` does.
    """
    start = time.perf_counter_ns()
    model = load(request.bundle, threads=request.threads, target=request.target, kernels=request.kernels)
    load_ms = (time.perf_counter_ns() - start) / 1e6
    calls = [[partial(model.run, read_npz(Path(file))) for file in files] for files in request.series]
    first_call_ms = milliseconds(calls[0][0])
    return Launch(
        load_ms=load_ms,
        first_call_ms=first_call_ms,
        series=tuple(_series(inputs, request.seconds) for inputs in calls),
    )


def _series(calls: Sequence[Call], seconds: float) -> Series:
    turns = cycle(calls)
    runners = {"model": lambda: next(turns)()}
    slowest = milliseconds(calls[-1]) / 1e3
    affordable = int(min(seconds / max(slowest, 1e-9), MOST_CALLS))
    rounds = max(1, affordable // len(calls)) * len(calls)
    race = race_calls(
        runners, Pace(rounds, len(calls), window_of(affordable), seconds=WARMING_SHARE * seconds)
    )
    return Series(
        times_ms=race.milliseconds["model"],
        warmup=race.warmup,
        steady=race.steady,
        surroundings=race.surroundings,
    )


def main() -> int:
    """Read a request from stdin and print the measurement; an error is one line on stderr."""
    try:
        result = launch(LaunchRequest(**json.load(sys.stdin)))
    except EdgeAttnError as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return error.exit_code
    sys.stdout.write(json.dumps(asdict(result)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
