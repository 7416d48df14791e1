"""The devices that --on names, as places to measure at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from distributed import Client

from edgeattn.devices.asking import Asking
from edgeattn.devices.bundle_bench import weigh
from edgeattn.devices.device import Device, named
from edgeattn.devices.host import DeviceHost
from edgeattn.devices.steady import Steady
from edgeattn.measure.place import Place
from edgeattn_export.targets import Target
from edgeattn_runtime.errors import BadInput, IncompatibleRuntimeError
from edgeattn_runtime.picking import missing_requirement
from edgeattn_runtime.variant import Engine


def places(client: Client, names: Sequence[str], targets: Iterable[Target]) -> tuple[Place, ...]:
    """Return a place for each device.

    Args:
        client: Of their scheduler.
        names: The preferred device first.
        targets: What is measured there.

    Raises:
        BadInput: A name that is given twice, or that no device has, or a target whose sizes are fixed.
        IncompatibleRuntimeError: A device has not the engine of a target, or another edgeattn.
    """
    for i, name in enumerate(names):
        if name in names[:i]:
            raise BadInput(f"device {name!r}: given twice, once expected; leave one out")
    devices = [named(client, name) for name in names]
    for target in targets:
        _check_sizes(target)
        for device in devices:
            _check_engine(target, device)
    return tuple(_place(client, device) for device in devices)


def _place(client: Client, device: Device) -> Place:
    steady = Steady(Asking(client, device))
    host = DeviceHost(steady)
    return Place(device.name, device.machine, host, device.threads, partial(weigh, steady), steady.marks)


def _check_engine(target: Target, device: Device) -> None:
    asked = target.engine
    engine = Engine(name=asked.name, version=asked.version, providers=asked.providers, options=asked.options)
    lacking = missing_requirement(engine, device.machine.versions["onnxruntime"], device.providers)
    if lacking is not None:
        raise IncompatibleRuntimeError(
            f"device {device.name}: target {target.name!r} {lacking}; install it there, or leave --on out"
        )


def _check_sizes(target: Target) -> None:
    if target.few is not None:
        raise BadInput(
            f"target {target.name!r}: fixes its sizes, and is not measured on a device during an export; "
            "export without --on, then: edgeattn bench NAME.edge --on DEVICE"
        )
