"""A graph on a device, and its calls as requests describe them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import NDArray

from edgeattn.devices.connection import Connection
from edgeattn.devices.files import Contents, InputFiles, read_files
from edgeattn_export.graph.hosts import Opening
from edgeattn_export.graph.runner import Partition
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.device.request import CallSpec, CallsSpec, GraphSpec
from edgeattn_runtime.timing.interleaved import Each, InTurn
from edgeattn_runtime.timing.latency import Call


@dataclass(frozen=True)
class DeviceRunner:
    """A graph on a device.

    Attributes:
        connection: The way to it.
        packed: Of the inputs that it is bound to.
        graph: What is opened there.
        contents: Of its files.
    """

    connection: Connection
    packed: InputFiles
    graph: GraphSpec
    contents: Contents

    @classmethod
    def of(cls, connection: Connection, packed: InputFiles, opening: Opening) -> DeviceRunner:
        """Read a file and its neighbors; the device opens it with the first call."""
        siblings = {path.name: path for path in opening.path.parent.iterdir() if path.is_file()}
        files, contents = read_files(siblings)
        graph = GraphSpec(
            name=opening.path.name,
            files=files,
            providers=opening.providers,
            options=dict(opening.options),
            settings=opening.settings,
        )
        return cls(connection, packed, graph, contents)

    def __call__(self, inputs: Inputs) -> dict[str, NDArray[Any]]:
        """Answer once; raises as the device does."""
        return self.bind(inputs)()

    def bind(self, inputs: Inputs) -> DeviceCall:
        """Return a call that a request can name."""
        return DeviceCall(self, self.packed.of(inputs))

    def partitions(self) -> tuple[Partition, ...]:
        """Return none: a device is not asked what runs where."""
        return ()


@dataclass(frozen=True)
class DeviceCall:
    """A graph on a device with its inputs.

    Attributes:
        runner: The graph.
        inputs: A safetensors file.
    """

    runner: DeviceRunner
    inputs: Contents

    def __call__(self) -> dict[str, NDArray[Any]]:
        """Return the outputs by name; raises as the device does."""
        _, outputs = self.runner.connection.ask("answer", asdict(self.spec), self.contents())
        return outputs

    @property
    def spec(self) -> CallSpec:
        """What a request says of it."""
        (digest,) = self.inputs
        return CallSpec(self.runner.graph, digest)

    def contents(self) -> Contents:
        """Return all files that are named there."""
        return {**self.runner.contents, **self.inputs}


def spec_of(call: Call) -> CallSpec | CallsSpec:
    """Return what a request says of a call, be it one, or several in turn or each."""
    if isinstance(call, InTurn | Each):
        return CallsSpec([spec_of(each) for each in call.calls], isinstance(call, InTurn))
    return _device_call(call).spec


def contents(calls: Iterable[Call]) -> dict[str, bytes]:
    """Return all files that calls name, by their sha256."""
    files: dict[str, bytes] = {}
    for call in calls:
        files |= contents(call.calls) if isinstance(call, InTurn | Each) else _device_call(call).contents()
    return files


def _device_call(call: Callable[[], object]) -> DeviceCall:
    if not isinstance(call, DeviceCall):
        raise TypeError(f"{call!r}: a call of a device expected, as it was bound by its runner")
    return call
