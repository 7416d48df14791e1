"""A device as a host of sessions: graphs are sent there, and called and timed there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain

from edgeattn.devices.asking import Asking
from edgeattn.devices.device import Device
from edgeattn.devices.file import InputFiles
from edgeattn.devices.races import in_batches
from edgeattn.devices.runner import DeviceRunner, contents, plain
from edgeattn.devices.steady import Steady
from edgeattn_export.graph.hosts import Opening
from edgeattn_runtime.latency import Call, Name
from edgeattn_runtime.turns import Clock, Rounds


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
    def asking(self) -> Asking:
        """How it is asked."""
        return self.steady.asking

    @property
    def device(self) -> Device:
        """Who runs the sessions."""
        return self.asking.device

    def missing(self) -> None:
        """Return None: a device was there when it was named."""

    def install(self) -> None:
        """Do nothing: what a device has, it has."""

    def machine(self) -> str:
        """Return the device's machine and its engine."""
        machine = self.device.machine
        return f"{machine}; onnxruntime {machine.versions['onnxruntime']}"

    def open(self, opening: Opening) -> DeviceRunner:
        """Read a file and those beside it; the device opens it with the first call."""
        return DeviceRunner.of(self.asking, self._packed, opening)

    def turns(self, calls: Mapping[Name, Call], clock: Clock, rounds: Rounds) -> dict[Name, list[float]]:
        """Time calls there, side by side, in one task."""
        (found,) = self.races([calls], clock, rounds)
        return found

    def races(
        self, races: Iterable[Mapping[Name, Call]], clock: Clock, rounds: Rounds
    ) -> Iterator[dict[Name, list[float]]]:
        """Time the calls of each race side by side, and several races in one task; raises as ``Steady``."""
        how = {"clock": asdict(clock), "rounds": asdict(rounds)}
        for batch in in_batches(races):
            told = [{"calls": [plain(call) for call in race.values()], **how} for race in batch]
            files = contents(chain.from_iterable(race.values() for race in batch))
            found = self.steady("time", {"races": told}, files)["times"]
            for race, times in zip(batch, found, strict=True):
                yield dict(zip(race, times, strict=True))
