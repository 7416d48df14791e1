"""Which of several ways to do the same is the cheapest here, by interleaved rounds and beyond their noise."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from edgeattn_runtime.latency import Call, Name, take_turns

SECONDS = 2.0  # that one comparison may take, about, beyond its least rounds
ROUNDS = (4, 30)  # at least, at most
SURE = 0.75  # of the rounds in which a way must beat the default by the margin


@dataclass(frozen=True, slots=True)
class Way:
    """A call, and for how many answers it is: what it costs is shared among them."""

    call: Call
    answers: int = 1


def cheapest(
    ways: Mapping[Name, Way], default: Name, *, margin: float, threads: int = 1, pause: float = 0.0
) -> Name:
    """Return the way that costs the least, or the default where none beats it for sure.

    On one thread a call costs its processor time: what it would take on a machine that nobody else uses. On
    several it costs the geometric mean of its time and of the processor time of all threads: two that save a
    third of the time and do a fifth more work are cheaper, threads that busy-wait may not be. That is the
    root of the energy-delay product (Gonzalez & Horowitz 1996, IEEE Journal of Solid-State Circuits 31(9)),
    processor time in place of energy.

    Args:
        ways: By name, the default among them.
        default: What stays where the others' advantage is below ``margin``, or is not seen in most rounds.
        margin: The share of the default's cost that a way must save.
        threads: The most that any way uses.
        pause: Seconds to wait after each call, for what its threads still burn.
    """
    calls = {name: way.call for name, way in ways.items()}
    trial = take_turns(calls, _seconds, rounds=1, warmup=1)
    least, most = ROUNDS
    rounds = int(SECONDS / sum(seconds + pause for (seconds,) in trial.values()))
    measure = partial(_cost, threads=threads, pause=pause)
    costs = take_turns(calls, measure, rounds=max(least, min(most, rounds)), warmup=0)
    shares = {name: np.array(found) / ways[name].answers for name, found in costs.items()}
    ratios = {name: found / shares[default] for name, found in shares.items()}  # round by round
    sure = [name for name, ratio in ratios.items() if np.quantile(ratio, SURE) <= 1 - margin]
    return min(sure, key=lambda name: float(np.median(ratios[name])), default=default)


def _cost(call: Call, *, threads: int, pause: float) -> float:
    before = time.process_time()
    delay = _seconds(call)
    time.sleep(pause)
    burnt = time.process_time() - before
    if not burnt:  # on Windows, whose clock of processor time ticks every 16 ms
        return delay
    return burnt if threads == 1 else math.sqrt(delay * burnt)


def _seconds(call: Call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
