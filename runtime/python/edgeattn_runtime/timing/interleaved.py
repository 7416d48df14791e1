"""Calls timed interleaved, so that what the machine does meanwhile meets all of them alike.

``timed`` compares costs by a ``Clock``, as a search does. ``race_calls`` warms up until calls get no faster,
and times latencies by the wall clock under a ``Watch``, as a benchmark does.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, cycle
from typing import Generic, Literal, Protocol

from edgeattn_runtime.timing.latency import (
    Call,
    Name,
    milliseconds,
    processor_milliseconds,
    take_turns,
    warm_up,
)
from edgeattn_runtime.timing.surroundings import Surroundings, Watch

_LEAST = 1e-3  # milliseconds: below what any clock resolves


@dataclass(frozen=True, slots=True)
class Clock:
    """What a call is timed by, in milliseconds.

    On one thread a call costs its processor time: what it would take on a machine that nobody else uses. On
    several it costs the geometric mean of its time and of the processor time of all threads: two that save a
    third of the time and do a fifth more work are cheaper, threads that busy-wait may not be. That is the
    root of the energy-delay product (Gonzalez & Horowitz 1996, IEEE Journal of Solid-State Circuits 31(9)),
    processor time in place of energy.

    Attributes:
        kind: ``wall``; ``processor``, only of the calling thread; or ``cost``, as above, of all threads.
        threads: The most that a call uses.
        pause: Seconds to wait after each call, for what its threads still burn; only ``cost`` counts it.
    """

    kind: Literal["wall", "processor", "cost"] = "processor"
    threads: int = 1
    pause: float = 0.0

    def __call__(self, call: Call) -> float:
        """Make a call, and return what it took."""
        if self.kind == "processor":
            return processor_milliseconds(call)
        return milliseconds(call) if self.kind == "wall" else self._cost(call)

    def _cost(self, call: Call) -> float:
        before = time.process_time()
        delay = milliseconds(call)
        time.sleep(self.pause)
        burnt = (time.process_time() - before) * 1e3
        if not burnt:  # on Windows, whose clock of processor time ticks every 16 ms
            return delay
        return burnt if self.threads == 1 else math.sqrt(delay * burnt)


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often every call is made and counted, for ``seconds`` about beyond the least, after a warm-up."""

    least: int
    most: int
    seconds: float = math.inf
    warmup: int = 0


@dataclass(frozen=True, slots=True)
class InTurn:
    """Calls of which each time the next one is made."""

    calls: Sequence[Call]
    _turns: cycle[Call] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_turns", cycle(self.calls))

    def __call__(self) -> object:
        """Make the next call."""
        return next(self._turns)()


@dataclass(frozen=True, slots=True)
class Each:
    """Calls that are all made, one after the other."""

    calls: Sequence[Call]

    def __call__(self) -> None:
        """Make them all."""
        for call in self.calls:
            call()


class Turns(Protocol):
    """Times calls side by side, wherever they run; see ``timed``."""

    def __call__(self, calls: Mapping[Name, Call], clock: Clock, rounds: Rounds) -> dict[Name, list[float]]:
        """Return what each counted round of each call took, in milliseconds."""


def timed(calls: Mapping[Name, Call], clock: Clock, rounds: Rounds) -> dict[Name, list[float]]:
    """Time calls in this process, interleaved as ``take_turns`` does.

    Returns:
        By name, what each counted round took, in milliseconds.
    """
    if rounds.least == rounds.most:
        return take_turns(calls, clock, rounds=rounds.least, warmup=rounds.warmup)
    trial = take_turns(calls, milliseconds, rounds=1, warmup=rounds.warmup)
    one = sum(took + clock.pause * 1e3 for took in chain.from_iterable(trial.values()))
    affordable = int(min(rounds.seconds * 1e3 / max(one, _LEAST), rounds.most))
    return take_turns(calls, clock, rounds=max(rounds.least, affordable), warmup=0)


@dataclass(frozen=True, slots=True)
class Pace:
    """How calls are raced.

    Attributes:
        rounds: Counted, of each call.
        unit: Rounds that belong together, such as one on each input.
        window: Rounds of a window of the warm-up, at least.
        seconds: That the warm-up may take, about.
    """

    rounds: int
    unit: int
    window: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RaceTimes(Generic[Name]):
    """What a race took.

    Attributes:
        milliseconds: By name, of each counted round, by the wall clock.
        warmup: Rounds made before, not counted.
        steady: Whether calls had become no faster by then.
        surroundings: What the machine did meanwhile.
    """

    milliseconds: Mapping[Name, tuple[float, ...]]
    warmup: int
    steady: bool
    surroundings: Surroundings


def race_calls(calls: Mapping[Name, Call], pace: Pace) -> RaceTimes[Name]:
    """Race calls in this process."""
    warm = warm_up(calls, seconds=pace.seconds, unit=pace.unit, window=pace.window)
    watch = Watch()
    times = take_turns(calls, milliseconds, rounds=pace.rounds, warmup=0)
    return RaceTimes(
        {name: tuple(each) for name, each in times.items()}, warm.rounds, warm.steady, watch.surroundings()
    )
