"""A device as a host of sessions: graphs are sent there, and called and timed there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain

from edgeattn.devices.connection import Connection
from edgeattn.devices.device import Device
from edgeattn.devices.files import InputFiles
from edgeattn.devices.runner import DeviceRunner, contents, spec_of
from edgeattn.devices.steady import Steady
from edgeattn_export.graph.hosts import Opening
from edgeattn_runtime.device.request import RaceSpec, TimingSpec
from edgeattn_runtime.fields import Field
from edgeattn_runtime.timing.interleaved import Clock, Pace, RaceTimes, Rounds
from edgeattn_runtime.timing.latency import Call, Name
from edgeattn_runtime.timing.surroundings import State, Surroundings

RACES_PER_REQUEST = 8  # races in one request at most: what the way there takes is shared
TOGETHER_BYTES = 64_000_000  # of the files that they name


@dataclass(frozen=True)
class DeviceHost:
    """The host of graphs on a device.

    Attributes:
        steady: Has measurements made there.
    """

    steady: Steady
    emulated: bool = False
    _packed: InputFiles = field(default_factory=InputFiles, init=False, repr=False, compare=False)

    @property
    def connection(self) -> Connection:
        """The way to it."""
        return self.steady.connection

    @property
    def device(self) -> Device:
        """Who runs the sessions."""
        return self.connection.device

    def missing(self) -> None:
        """Return None: a device was there when it was named."""

    def install(self) -> None:
        """Do nothing: what a device has, it has."""

    def machine(self) -> str:
        """Return the device's machine and its engine."""
        machine = self.device.machine
        return f"{machine}; onnxruntime {machine.versions['onnxruntime']}"

    def open(self, opening: Opening) -> DeviceRunner:
        """Read a file and its neighbors; the device opens it with the first call."""
        return DeviceRunner.of(self.connection, self._packed, opening)

    def turns(self, calls: Mapping[Name, Call], clock: Clock, rounds: Rounds) -> dict[Name, list[float]]:
        """Time calls there, side by side, in one request."""
        (times,) = self.races([calls], clock, rounds)
        return times

    def race(self, calls: Mapping[Name, Call], pace: Pace) -> RaceTimes[Name]:
        """Race calls there, in one request; raises as ``Steady``."""
        request = RaceSpec([spec_of(call) for call in calls.values()], pace)
        answer = self.steady("race", asdict(request), contents(calls.values()))
        return _race_times(Field(f"device {self.device.name}: race", answer.get("race")), calls, pace)

    def races(
        self, races: Iterable[Mapping[Name, Call]], clock: Clock, rounds: Rounds
    ) -> Iterator[dict[Name, list[float]]]:
        """Time the calls of each race side by side, and several races in a request; raises as ``Steady``."""
        for batch in in_batches(races):
            specs = [TimingSpec([spec_of(call) for call in race.values()], clock, rounds) for race in batch]
            files = contents(chain.from_iterable(race.values() for race in batch))
            answer = self.steady("time", {"races": [_plain(spec) for spec in specs]}, files)
            yield from _times(Field(f"device {self.device.name}: times", answer.get("times")), batch, rounds)


def in_batches(races: Iterable[Mapping[Name, Call]]) -> Iterator[Sequence[Mapping[Name, Call]]]:
    """Yield races in batches, each drawn when it is asked for."""
    batch: list[Mapping[Name, Call]] = []
    size = 0
    for race in races:
        batch.append(race)
        size += sum(map(len, contents(race.values()).values()))
        if len(batch) == RACES_PER_REQUEST or size >= TOGETHER_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _plain(spec: TimingSpec) -> dict[str, object]:
    """Return a spec as JSON has it, which has no infinity."""
    seconds = None if math.isinf(spec.rounds.seconds) else spec.rounds.seconds
    return {**asdict(spec), "rounds": {**asdict(spec.rounds), "seconds": seconds}}


def _race_times(answer: Field, calls: Mapping[Name, Call], pace: Pace) -> RaceTimes[Name]:
    """Read a race's times: as many as there were calls and rounds, and each one of a clock's."""
    names, fields = list(calls), answer.record("milliseconds", "warmup", "steady", "surroundings")
    times = fields["milliseconds"].items()
    if len(times) != len(names):
        raise fields["milliseconds"].refusal(f"times of {len(names)} calls")
    rounds = Rounds(pace.rounds, pace.rounds)
    return RaceTimes(
        {name: tuple(_milliseconds(each, rounds)) for name, each in zip(names, times, strict=True)},
        fields["warmup"].integer(0),
        fields["steady"].flag(),
        _surroundings(fields["surroundings"]),
    )


def _surroundings(answer: Field) -> Surroundings:
    """Read what a device did meanwhile."""
    fields = answer.record("before", "after", "others", "stolen", "switches", "energy_j")
    numbers = {name: _number(fields[name]) for name in ("others", "stolen", "switches", "energy_j")}
    return Surroundings(before=_state(fields["before"]), after=_state(fields["after"]), **numbers)


def _state(answer: Field) -> State:
    fields = answer.record("load", "clock_mhz", "governor")
    governor = None if fields["governor"].value is None else fields["governor"].text()
    numbers = {name: _number(fields[name]) for name in ("load", "clock_mhz")}
    return State(**numbers, governor=governor)


def _number(answer: Field) -> float | None:
    return None if answer.value is None else answer.number()


def _times(
    answer: Field, batch: Sequence[Mapping[Name, Call]], rounds: Rounds
) -> Iterator[dict[Name, list[float]]]:
    """Yield the times of each race: as many as there were calls and rounds, and each one of a clock's."""
    races = answer.items()
    if len(races) != len(batch):
        raise answer.refusal(f"times of {len(batch)} races")
    for race, times in zip(batch, races, strict=True):
        calls = times.items()
        if len(calls) != len(race):
            raise times.refusal(f"times of {len(race)} calls")
        yield {name: _milliseconds(each, rounds) for name, each in zip(race, calls, strict=True)}


def _milliseconds(answer: Field, rounds: Rounds) -> list[float]:
    times = [each.number() for each in answer.items()]
    most = max(rounds.least, rounds.most)
    if not rounds.least <= len(times) <= most or min(times) < 0:
        raise answer.refusal(f"{rounds.least} to {most} times in milliseconds")
    return times
