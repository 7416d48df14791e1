"""The devices that --on names, as places to measure at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import product

from edgeattn.devices.address import Address
from edgeattn.devices.bundle_bench import weigh
from edgeattn.devices.connection import Connection
from edgeattn.devices.device import Device
from edgeattn.devices.host import DeviceHost
from edgeattn.devices.steady import Steady
from edgeattn.measure.place import Place
from edgeattn_export.targets import TARGETS, Target
from edgeattn_runtime.bundle.variant import Engine
from edgeattn_runtime.engine.compatibility import missing_requirement
from edgeattn_runtime.errors import BadInput, IncompatibleRuntimeError


@contextmanager
def connected(names: Sequence[str]) -> Iterator[tuple[Connection, ...]]:
    """Yield the ways to devices, all of which are reached at once.

    Raises:
        BadInput: A device is named twice, or cannot be reached.
        IncompatibleRuntimeError: One has another edgeattn.
    """
    addresses = [Address.of(name) for name in names]
    for i, address in enumerate(addresses):
        if address.name in {each.name for each in addresses[:i]}:
            raise BadInput(f"device {address.name!r}: given twice, once expected; leave one out")
    with ExitStack() as stack:
        with ThreadPoolExecutor(max(1, len(addresses))) as pool:
            reached = [pool.submit(Connection, address) for address in addresses]
        for each in reached:
            if each.exception() is None:
                stack.callback(each.result().close)
        yield tuple(each.result() for each in reached)


@contextmanager
def places_on(names: Sequence[str], targets: Iterable[str]) -> Iterator[tuple[Place, ...]]:
    """Yield devices as places to measure at, in the order of their names; raises as ``places`` does too.

    Args:
        names: As ``--on`` has them; none is here.
        targets: Names of what is measured there; an unknown one is for the request to refuse.
    """
    with connected(names) as connections:
        yield places(connections, [TARGETS[name] for name in targets if name in TARGETS])


def places(connections: Sequence[Connection], targets: Iterable[Target]) -> tuple[Place, ...]:
    """Return a place for each device.

    Raises:
        BadInput: A target whose sizes are fixed.
        IncompatibleRuntimeError: A device has not the engine of a target.
    """
    for target, connection in product(targets, connections):
        _check_measurable(target, connection.device)
    return tuple(map(_place, connections))


def _place(connection: Connection) -> Place:
    steady, device = Steady(connection), connection.device
    return Place(
        device.name,
        device.machine,
        DeviceHost(steady),
        device.threads,
        weigh=partial(weigh, steady),
        disturbances=lambda: steady.marks,
    )


def _check_measurable(target: Target, device: Device) -> None:
    if target.bucket_limits is not None:
        raise BadInput(
            f"target {target.name!r}: fixes its sizes, and is not measured on a device during an export; "
            "export without --on, then: edgeattn bench NAME.edge --on DEVICE"
        )
    needed = target.engine
    engine = Engine(
        name=needed.name, version=needed.version, providers=needed.providers, options=needed.options
    )
    machine = device.machine
    lacking = missing_requirement(
        engine,
        machine.versions["onnxruntime"],
        device.providers,
        lambda: "amx_int8" in machine.instruction_sets,
    )
    if lacking is not None:
        raise IncompatibleRuntimeError(
            f"device {device.name}: target {target.name!r} {lacking}; install it there, or leave --on out"
        )
