"""Warm-up: calls that are not counted, until they get no faster."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from edgeattn_runtime.latency import Call, Name, milliseconds, take_turns

FASTER = 0.02  # by which a window's median must lie below the best one before, for calls to get faster still
STEADY = 2  # windows in a row that are no faster
WINDOW = 8  # rounds of a window at least, where as many windows are affordable


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How many rounds were made, and whether calls had become steady when the time for it was over."""

    rounds: int
    steady: bool


def window_of(affordable: int) -> int:
    """Return the rounds of a window, where a measurement can afford so many: a slow model's is short."""
    return min(WINDOW, max(1, affordable // WINDOW))


def warm_up(runners: Mapping[Name, Call], *, seconds: float, unit: int = 1, window: int = WINDOW) -> WarmUp:
    """Call all runners in turns, window by window, until ``STEADY`` windows are no faster than the best.

    Args:
        runners: By name.
        seconds: That it may take, about; a window is made at least.
        unit: Rounds that belong together, such as one on each sample: windows are whole units.
        window: Rounds of a window at least.
    """
    rounds = unit * -(-window // unit)
    end = time.perf_counter() + seconds
    made, calm, best = 0, 0, float("inf")
    while runners and calm < STEADY:
        if made and time.perf_counter() >= end:
            return WarmUp(made, steady=False)
        times = take_turns(runners, milliseconds, rounds=rounds, warmup=0)
        found = sum(map(median, times.values()))
        calm = calm + 1 if found >= (1 - FASTER) * best else 0
        made, best = made + rounds, min(best, found)
    return WarmUp(made, steady=True)
