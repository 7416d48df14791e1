"""Calls raced side by side: warmed up until they get no faster, then timed in turns, under a watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic

from edgeattn_runtime.timing.latency import Call, Name, milliseconds, take_turns, warm_up
from edgeattn_runtime.timing.surroundings import Surroundings, Watch


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
    """Race calls in this process.

    Args:
        calls: By name.
        pace: How often, after which warm-up.
    """
    warm = warm_up(calls, seconds=pace.seconds, unit=pace.unit, window=pace.window)
    watch = Watch()
    times = take_turns(calls, milliseconds, rounds=pace.rounds, warmup=0)
    return RaceTimes(
        {name: tuple(each) for name, each in times.items()}, warm.rounds, warm.steady, watch.surroundings()
    )
