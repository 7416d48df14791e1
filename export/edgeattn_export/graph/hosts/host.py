"""What a host is: it opens an ONNX file in an engine, and says whether it can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edgeattn_export.graph.runner import PlacedRunner
from edgeattn_runtime.bundle.session_settings import SessionSettings
from edgeattn_runtime.fields import Scalar
from edgeattn_runtime.timing.interleaved import Clock, Pace, RaceTimes, Rounds, race_calls, timed
from edgeattn_runtime.timing.latency import Call, Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What is opened, and how.

    Attributes:
        path: An ONNX file, whose weights may lie in files next to it.
        providers: Execution providers, in the order in which they may take nodes.
        options: Of the session and its providers, by their names in the engine.
        settings: Of the session.
    """

    path: Path
    providers: tuple[str, ...]
    options: Mapping[str, Scalar]
    settings: SessionSettings


class Host(Protocol):
    """One place where sessions run; those that derive from it time calls as this process makes them."""

    @property
    def emulated(self) -> bool:
        """Whether it emulates the device: then its answers count, and its times mean nothing."""

    def missing(self) -> str | None:
        """Say what is not installed, and the command that installs it; None where all is there."""

    def install(self) -> None:
        """Install what is missing, apart from edgeattn; raises BadInput where that fails."""

    def machine(self) -> str:
        """Return what runs its sessions, in words: the processor, or the emulator, and the engine's version.

        Raises:
            IncompatibleRuntimeError: What ``missing`` says.
        """

    def open(self, opening: Opening) -> PlacedRunner:
        """Open a file.

        Raises:
            BundleError: The engine refuses it.
            IncompatibleRuntimeError: It is beyond the installed release, or the host itself is missing.
        """

    def turns(self, calls: Mapping[Name, Call], clock: Clock, rounds: Rounds) -> dict[Name, list[float]]:
        """Time bound calls of what it has opened side by side, as ``timing.interleaved.timed`` does."""
        return timed(calls, clock, rounds)

    def race(self, calls: Mapping[Name, Call], pace: Pace) -> RaceTimes[Name]:
        """Race bound calls of what it has opened, as ``timing.interleaved.race_calls`` does."""
        return race_calls(calls, pace)

    def races(
        self, races: Iterable[Mapping[Name, Call]], clock: Clock, rounds: Rounds
    ) -> Iterator[dict[Name, list[float]]]:
        """Do as ``turns`` does for one set of calls after the other; a far host takes several at once."""
        return (timed(calls, clock, rounds) for calls in races)
