"""Latency one can trust: warm-up, runners measured side by side, quantiles with their intervals."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

import numpy as np

from edgeattn_runtime.errors import InputError
from edgeattn_runtime.timing.confidence import Interval, Times, in_batches, interval_of

Call = Callable[[], object]
Name = TypeVar("Name", str, int)

QUANTILE_STEPS = 40  # of equal shares of the calls, between which the quantiles of a distribution lie
QUANTILE_DIGITS = 4  # of a quantile: a picture shows no more

FASTER_SHARE = (
    0.02  # by which a window's median must lie below the best before, for calls to get faster still
)
STEADY_WINDOWS = 2  # in a row, that are no faster
WINDOW = 8  # rounds of a window at least, where as many windows are affordable


@dataclass(frozen=True, slots=True)
class Latency:
    """A call's wall-clock time in milliseconds, over ``count`` calls.

    Attributes:
        mean: Over all; None in results without it.
        p50_interval: Where p50 lies, see ``timing.confidence``; None where calls are too few.
        quantiles: The distribution, from the fastest call to the slowest: a fortieth of the calls lies
            between one and the next. Empty in results without it.
    """

    p50: float
    p90: float
    p99: float
    count: int
    mean: float | None = None
    p50_interval: Interval | None = None
    p90_interval: Interval | None = None
    p99_interval: Interval | None = None
    quantiles: tuple[float, ...] = ()

    @classmethod
    def of(cls, batches: Sequence[Times]) -> Latency:
        """Return the latency of calls that were measured in batches, at least one call in each."""
        times = np.concatenate(batches)
        p50, p90, p99 = np.percentile(times, (50, 90, 99)).tolist()
        return cls(
            p50,
            p90,
            p99,
            times.size,
            mean=float(times.mean()),
            p50_interval=interval_of(batches, 0.50),
            p90_interval=interval_of(batches, 0.90),
            p99_interval=interval_of(batches, 0.99),
            quantiles=tuple(
                float(f"{time:.{QUANTILE_DIGITS}g}")
                for time in np.quantile(times, np.linspace(0, 1, QUANTILE_STEPS + 1))
            ),
        )


def measure(call: Call, *, rounds: int, warmup: int) -> Latency:
    """Time ``call`` over ``rounds`` calls, after ``warmup`` calls that are not counted; raises InputError."""
    return interleave({"call": call}, rounds=rounds, warmup=warmup)["call"]


def interleave(runners: Mapping[Name, Call], *, rounds: int, warmup: int) -> dict[Name, Latency]:
    """Time every runner once a round, see ``take_turns``; raises InputError."""
    times = take_turns(runners, milliseconds, rounds=rounds, warmup=warmup)
    return {name: Latency.of(in_batches(series)) for name, series in times.items()}


def take_turns(
    runners: Mapping[Name, Call], measure: Callable[[Call], float], *, rounds: int, warmup: int
) -> dict[Name, list[float]]:
    """Measure every runner once a round, each round beginning with the next one; a warm-up is not counted.

    A machine's clock, caches and neighbors drift over seconds. Runners measured one after the other would
    each get their own weather; interleaved they share it, and rotating the order also shares out the cost
    of running behind a given runner.

    Raises:
        InputError: ``rounds`` is below 1 or ``warmup`` below 0.
    """
    if rounds < 1 or warmup < 0:
        raise InputError(f"{rounds} rounds after {warmup} of warm-up; expected at least 1 after at least 0")
    names = list(runners)
    numbers: dict[Name, list[float]] = {name: [] for name in names}
    for turn in range(-warmup, rounds):
        first = turn % max(len(names), 1)
        for name in names[first:] + names[:first]:
            number = measure(runners[name])
            if turn >= 0:
                numbers[name].append(number)
    return numbers


def milliseconds(call: Call) -> float:
    """Return the wall-clock time of a call."""
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1e6


def processor_milliseconds(call: Call) -> float:
    """Return the time that only this thread spends on a call, whatever else the machine does meanwhile."""
    start = time.thread_time_ns()
    call()
    return (time.thread_time_ns() - start) / 1e6


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How many rounds were made, and whether calls had become steady when the time for it was over."""

    rounds: int
    steady: bool


def window_of(affordable: int) -> int:
    """Return the rounds of a window, where a measurement can afford so many: a slow model's is short."""
    return min(WINDOW, max(1, affordable // WINDOW))


def warm_up(runners: Mapping[Name, Call], *, seconds: float, unit: int = 1, window: int = WINDOW) -> WarmUp:
    """Call all runners in turns by windows, until ``STEADY_WINDOWS`` of them are no faster than the best.

    It takes about these seconds, and a window at least. A window is of whole units: rounds that belong
    together, such as one on each sample.
    """
    rounds = unit * -(-window // unit)
    deadline = time.perf_counter() + seconds
    count, steady, best = 0, 0, float("inf")
    while runners and steady < STEADY_WINDOWS:
        if count and time.perf_counter() >= deadline:
            return WarmUp(count, steady=False)
        times = take_turns(runners, milliseconds, rounds=rounds, warmup=0)
        total = sum(map(median, times.values()))
        steady = steady + 1 if total >= (1 - FASTER_SHARE) * best else 0
        count, best = count + rounds, min(best, total)
    return WarmUp(count, steady=True)
