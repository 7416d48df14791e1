"""What a host knows of a device: its name, its machine, and what it can run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from distributed import Client

import edgeattn_runtime
from edgeattn.devices.on_device.declaration import KEY
from edgeattn_runtime.errors import BadInput, BundleError, IncompatibleRuntimeError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.machine import Machine


@dataclass(frozen=True, slots=True)
class Device:
    """A worker that measures.

    Attributes:
        name: As ``--on`` has it.
        machine: What it is.
        providers: Execution providers of its onnxruntime.
        runtime: The version of its edgeattn.
        threads: Intra-op threads that a search times there.
        starting: Seconds that its worker took to start.
    """

    name: str
    machine: Machine
    providers: tuple[str, ...]
    runtime: str
    threads: int
    starting: float

    def __str__(self) -> str:
        version = self.machine.versions["onnxruntime"]
        return f"{self.name} ({self.machine}; onnxruntime {version} with {', '.join(self.providers)})"


def devices_of(client: Client) -> tuple[Device, ...]:
    """Return the devices that a scheduler has now and this edgeattn understands, by their names' order."""
    found = (_device(name, told) for name, told in _told(client).items())
    return tuple(device for device in found if isinstance(device, Device))


def named(client: Client, name: str) -> Device:
    """Return the device of a name.

    Raises:
        BadInput: There is none; the message lists those there are, and what they have.
        IncompatibleRuntimeError: Its edgeattn is of another version than this one.
    """
    told = _told(client)
    if name not in told:
        there = "; ".join(str(_device(each, its)) for each, its in told.items())
        start = "none: start one with edgeattn device SCHEDULER --name NAME"
        raise BadInput(f"device {name!r}: not at this scheduler, which has {there or start}")
    found = _device(name, told[name])
    if found.runtime != edgeattn_runtime.__version__ or not isinstance(found, Device):
        raise IncompatibleRuntimeError(
            f"device {name}: edgeattn {found.runtime} found, {edgeattn_runtime.__version__} expected, as "
            "here; install the same version on both"
        )
    return found


@dataclass(frozen=True, slots=True)
class Stranger:
    """A device that says of itself what this edgeattn does not understand.

    Attributes:
        name: As ``--on`` would have it.
        runtime: The version of its edgeattn, where it tells one.
    """

    name: str
    runtime: str

    def __str__(self) -> str:
        return f"{self.name} (edgeattn {self.runtime})"


def _told(client: Client) -> dict[str, dict[str, Any]]:
    """Return what each device declares, as JSON would have it, by their names' order."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    found = {str(worker["name"]): json.loads(json.dumps(worker[KEY])) for worker in workers if KEY in worker}
    return dict(sorted(found.items()))


def _device(name: str, told: dict[str, Any]) -> Device | Stranger:
    try:
        return Device(
            name,
            machine=Machine.from_field(Field("machine", told["machine"])),
            providers=tuple(told["providers"]),
            runtime=str(told["runtime"]),
            threads=int(told["threads"]),
            starting=float(told["starting"]),
        )
    except (BundleError, KeyError, TypeError, ValueError):
        return Stranger(name, str(told.get("runtime", "of an unknown version")))
