"""A device as a host of sessions: graphs are sent there, and called and timed there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from edgeattn.devices.asking import Asking, Contents
from edgeattn.devices.device import Device
from edgeattn.devices.disturbance import Disturbance
from edgeattn_export.graph.hosts import Opening
from edgeattn_export.graph.runner import Partition
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.latency import Call, Name
from edgeattn_runtime.turns import Clock, Each, InTurn, Rounds

REPEATS = 2  # of a measurement that was disturbed
TOGETHER = 8  # races in one task at most
TOGETHER_BYTES = 64_000_000  # of the files that they name


@dataclass(frozen=True)
class DeviceHost:
    """The host of graphs on a device.

    Attributes:
        asking: The device.
        marks: What disturbed measurements that count nevertheless, in words.
    """

    asking: Asking
    marks: list[str] = field(default_factory=list)
    emulated: bool = False
    _latest: list[tuple[Inputs, bytes]] = field(default_factory=list, init=False, repr=False, compare=False)

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
        files = {path.name: path.read_bytes() for path in opening.path.parent.iterdir() if path.is_file()}
        contents = {_sha256(content): content for content in files.values()}
        graph = {
            "name": opening.path.name,
            "files": {name: _sha256(content) for name, content in files.items()},
            "providers": list(opening.providers),
            "options": dict(opening.options),
            "settings": asdict(opening.settings),
        }
        return DeviceRunner(self, graph, contents)

    def packed(self, inputs: Inputs) -> bytes:
        """Return inputs as a file; the latest is kept, as a race binds it to one graph after the other."""
        if not self._latest or self._latest[0][0] is not inputs:
            content = save({name: np.asarray(array, order="C") for name, array in inputs.items()})
            self._latest[:] = [(inputs, content)]
        return self._latest[0][1]

    def turns(self, calls: Mapping[Name, Call], clock: Clock, rounds: Rounds) -> dict[Name, list[float]]:
        """Time calls there, side by side, in one task."""
        (found,) = self.races([calls], clock, rounds)
        return found

    def races(
        self, races: Iterable[Mapping[Name, Call]], clock: Clock, rounds: Rounds
    ) -> Iterator[dict[Name, list[float]]]:
        """Time the calls of each race side by side, and several races in one task.

        Raises:
            BadInput: The device slept or throttled so that no time means anything, or what it raised itself.
        """
        for batch in _batches(races):
            how = {"clock": asdict(clock), "rounds": asdict(rounds)}
            told = [{"calls": [_plain(call) for call in race.values()], **how} for race in batch]
            contents = _contents(chain.from_iterable(race.values() for race in batch))
            found = self.steady("time", {"races": told}, contents)["times"]
            for race, times in zip(batch, found, strict=True):
                yield dict(zip(race, times, strict=True))

    def steady(self, verb: str, request: Mapping[str, object], contents: Contents) -> dict[str, Any]:
        """Have a measurement made, again where something disturbed it; what still counts then is marked.

        Raises:
            BadInput: As ``races`` does.
        """
        tries: list[tuple[Disturbance, dict[str, Any]]] = []
        while len(tries) <= REPEATS and not (tries and tries[-1][0].is_steady):
            answer = self.asking.ask(verb, request, contents)
            tries.append((Disturbance.of(answer["steadiness"]), answer))
        disturbance, best = min(tries, key=lambda each: (each[0].slept, each[0].slower))
        if disturbance.is_useless:
            raise BadInput(
                f"device {self.device.name}: {disturbance}, {len(tries)} times in a row; no time of it means "
                "anything: let it cool, keep it awake, and start again: what was measured is kept"
            )
        if not disturbance.is_steady:
            self.marks.append(str(disturbance))
        return best


@dataclass(frozen=True)
class DeviceRunner:
    """A graph on a device.

    Attributes:
        host: The device.
        graph: What is opened there, as plain data.
        contents: Of its files.
    """

    host: DeviceHost
    graph: Mapping[str, Any]
    contents: Contents

    def __call__(self, inputs: Inputs) -> dict[str, NDArray[Any]]:
        """Answer once; raises as the device does."""
        return self.bind(inputs).answered()

    def bind(self, inputs: Inputs) -> DeviceCall:
        """Return a call that a device can be told of."""
        content = self.host.packed(inputs)
        return DeviceCall(self, _sha256(content), content)

    def partitions(self) -> tuple[Partition, ...]:
        """Return none: a device is not asked what runs where."""
        return ()


@dataclass(frozen=True)
class DeviceCall:
    """A graph on a device with its inputs.

    Attributes:
        runner: The graph.
        inputs: The sha256 of the inputs' file.
        content: That file.
    """

    runner: DeviceRunner
    inputs: str
    content: bytes

    def __call__(self) -> dict[str, NDArray[Any]]:
        """Answer once."""
        return self.answered()

    def answered(self) -> dict[str, NDArray[Any]]:
        """Return the outputs by name."""
        request = {"calls": [self.plain()]}
        (answer,) = self.runner.host.asking.ask("answer", request, self.contents())["answers"]
        return dict(load(answer))

    def plain(self) -> dict[str, object]:
        """Return what a device is told."""
        return {"graph": self.runner.graph, "inputs": self.inputs}

    def contents(self) -> Contents:
        """Return all files that are named there."""
        return {**self.runner.contents, self.inputs: self.content}


def _plain(call: Call) -> dict[str, object]:
    if isinstance(call, InTurn | Each):
        return {"calls": [_plain(each) for each in call.calls], "in_turn": isinstance(call, InTurn)}
    return _device_call(call).plain()


def _contents(calls: Iterable[Call]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for call in calls:
        if isinstance(call, InTurn | Each):
            found |= _contents(call.calls)
        else:
            found |= _device_call(call).contents()
    return found


def _device_call(call: Callable[[], object]) -> DeviceCall:
    if not isinstance(call, DeviceCall):
        raise TypeError(f"{call!r}: a call of a device expected, as it was bound by its runner")
    return call


def _batches(races: Iterable[Mapping[Name, Call]]) -> Iterator[Sequence[Mapping[Name, Call]]]:
    batch: list[Mapping[Name, Call]] = []
    size = 0
    for race in races:
        batch.append(race)
        size += sum(map(len, _contents(race.values()).values()))
        if len(batch) == TOGETHER or size >= TOGETHER_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
