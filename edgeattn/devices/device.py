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
    """

    name: str
    machine: Machine
    providers: tuple[str, ...]
    runtime: str
    threads: int

    def __str__(self) -> str:
        version = self.machine.versions["onnxruntime"]
        return f"{self.name} ({self.machine}; onnxruntime {version} with {', '.join(self.providers)})"


def devices_of(client: Client) -> tuple[Device, ...]:
    """Return the devices that a scheduler has now, by their names' order."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    found = (_device(str(worker["name"]), worker[KEY]) for worker in workers if KEY in worker)
    return tuple(sorted(found, key=lambda device: device.name))


def named(client: Client, name: str) -> Device:
    """Return the device of a name.

    Raises:
        BadInput: There is none; the message lists those there are, and what they have.
        IncompatibleRuntimeError: Its edgeattn is of another version than this one.
    """
    devices = devices_of(client)
    found = next((device for device in devices if device.name == name), None)
    if found is None:
        there = "; ".join(map(str, devices)) or "none: start one with edgeattn device SCHEDULER --name NAME"
        raise BadInput(f"device {name!r}: not at this scheduler, which has {there}")
    if found.runtime != edgeattn_runtime.__version__:
        raise IncompatibleRuntimeError(
            f"device {name}: edgeattn {found.runtime} found, {edgeattn_runtime.__version__} expected, as "
            "here; install the same version on both"
        )
    return found


def _device(name: str, told: dict[str, Any]) -> Device:
    """Read what a device declares, as JSON would have it."""
    plain = json.loads(json.dumps(told))
    try:
        machine = Machine.from_field(Field("machine", plain["machine"]))
        return Device(name, machine, tuple(plain["providers"]), str(plain["runtime"]), int(plain["threads"]))
    except (BundleError, KeyError, TypeError, ValueError) as error:
        raise BadInput(
            f"device {name}: says of itself what this edgeattn does not understand ({error!r}); install the "
            "same version on both"
        ) from error
