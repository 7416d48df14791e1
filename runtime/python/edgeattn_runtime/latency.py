"""Latency one can trust: percentiles over many calls, runners measured side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from edgeattn_runtime.errors import BadInput

Call = Callable[[], object]
Name = TypeVar("Name", str, int)


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of one call's wall-clock time, in milliseconds, over ``count`` calls."""

    p50: float
    p90: float
    p99: float
    count: int


def measure(call: Call, *, rounds: int, warmup: int) -> Latency:
    """Time ``call`` over ``rounds`` calls, after ``warmup`` calls that are not counted.

    Raises:
        BadInput: ``rounds`` is below 1 or ``warmup`` below 0.
    """
    return interleave({"call": call}, rounds=rounds, warmup=warmup)["call"]


def interleave(runners: Mapping[str, Call], *, rounds: int, warmup: int) -> dict[str, Latency]:
    """Time every runner once a round, see ``take_turns``.

    Raises:
        BadInput: ``rounds`` is below 1 or ``warmup`` below 0.
    """
    times = take_turns(runners, _milliseconds, rounds=rounds, warmup=warmup)
    return {name: _percentiles(found) for name, found in times.items()}


def take_turns(
    runners: Mapping[Name, Call], measure: Callable[[Call], float], *, rounds: int, warmup: int
) -> dict[Name, list[float]]:
    """Measure every runner once a round, each round beginning with the next one.

    A machine's clock, caches and neighbors drift over seconds. Runners measured one after the other would
    each get their own weather; interleaved they share it, and rotating the order also shares out the cost
    of running behind a given runner.

    Args:
        runners: What to measure, by name; each is called without arguments.
        measure: Makes one call and returns a number for it.
        rounds: Calls counted per runner, at least 1.
        warmup: Rounds made before, not counted.

    Returns:
        By name, the counted rounds' numbers in their order.

    Raises:
        BadInput: ``rounds`` is below 1 or ``warmup`` below 0.
    """
    if rounds < 1 or warmup < 0:
        raise BadInput(f"{rounds} rounds after {warmup} of warm-up; expected at least 1 after at least 0")
    names = list(runners)
    found: dict[Name, list[float]] = {name: [] for name in names}
    for turn in range(-warmup, rounds):
        first = turn % max(len(names), 1)
        for name in names[first:] + names[:first]:
            number = measure(runners[name])
            if turn >= 0:
                found[name].append(number)
    return found


def _milliseconds(call: Call) -> float:
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1e6


def processor_milliseconds(call: Call) -> float:
    """Return the time that this thread alone spends on a call, whatever else the machine does meanwhile."""
    start = time.thread_time_ns()
    call()
    return (time.thread_time_ns() - start) / 1e6


def _percentiles(times: list[float]) -> Latency:
    p50, p90, p99 = np.percentile(times, (50, 90, 99)).tolist()
    return Latency(p50, p90, p99, len(times))
