"""The timing of hosts whose calls this process makes: of what it opens itself, or a worker beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from edgeattn_runtime.timing.interleaved import Clock, Pace, RaceTimes, Rounds, race_calls, timed
from edgeattn_runtime.timing.latency import Call, Name


class LocalTiming:
    """What a ``Host`` times from here; what a call to a worker takes holds the way there and back."""

    __slots__ = ()

    def turns(self, calls: Mapping[Name, Call], clock: Clock, rounds: Rounds) -> dict[Name, list[float]]:
        """Time calls side by side."""
        return timed(calls, clock, rounds)

    def race(self, calls: Mapping[Name, Call], pace: Pace) -> RaceTimes[Name]:
        """Race calls."""
        return race_calls(calls, pace)

    def races(
        self, races: Iterable[Mapping[Name, Call]], clock: Clock, rounds: Rounds
    ) -> Iterator[dict[Name, list[float]]]:
        """Time one set of calls after the other."""
        return (timed(calls, clock, rounds) for calls in races)
