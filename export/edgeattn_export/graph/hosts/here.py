"""This process, with the onnxruntime that is installed beside edgeattn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from edgeattn_export.graph.hosts.host import Opening
from edgeattn_export.graph.runner import SessionRunner
from edgeattn_runtime.kernels import kernels_here
from edgeattn_runtime.latency import Call, Name
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.race import Pace, RaceTimes, race_calls
from edgeattn_runtime.session import open_session
from edgeattn_runtime.turns import Clock, Rounds, timed


@dataclass(frozen=True, slots=True)
class Here:
    """The host of engines that this process can load."""

    emulated: bool = False

    def missing(self) -> None:
        """Return None: onnxruntime is a dependency."""

    def install(self) -> None:
        """Do nothing: all is there."""

    def machine(self) -> str:
        """Return this machine's name."""
        machine = Machine.here(kernels_here())
        return f"{machine}; onnxruntime {machine.versions['onnxruntime']}"

    def open(self, opening: Opening) -> SessionRunner:
        """Open a file; raises as ``open_session`` does."""
        session = open_session(
            opening.path,
            providers=opening.providers,
            options=opening.options,
            settings=opening.settings,
        )
        return SessionRunner(session)

    def turns(self, calls: Mapping[Name, Call], clock: Clock, rounds: Rounds) -> dict[Name, list[float]]:
        """Time calls in this process."""
        return timed(calls, clock, rounds)

    def race(self, calls: Mapping[Name, Call], pace: Pace) -> RaceTimes[Name]:
        """Race calls in this process."""
        return race_calls(calls, pace)

    def races(
        self, races: Iterable[Mapping[Name, Call]], clock: Clock, rounds: Rounds
    ) -> Iterator[dict[Name, list[float]]]:
        """Time one set of calls after the other."""
        return (timed(calls, clock, rounds) for calls in races)


HERE = Here()
