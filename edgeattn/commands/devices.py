"""edgeattn devices: what a device is that is reached by SSH, and the runtime put there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgeattn.commands.terminal import working
from edgeattn.report.table import pairs, show
from edgeattn_runtime.errors import BadInput

if TYPE_CHECKING:
    from rich.table import Table

    from edgeattn.devices.device import Device


def devices(
    host: Annotated[
        str | None,
        typer.Argument(metavar="HOST", help="An SSH destination, or a name in devices.toml."),
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Put the runtime of this edgeattn there first.")
    ] = False,
) -> None:
    """Describe a device, or list those of devices.toml."""
    from edgeattn.devices.address import Address, devices_file, listed

    if host is None:
        if install:
            raise BadInput("--install: found without HOST, where the runtime is to go; name one")
        commands = {name: " ".join(command) for name, command in listed().items()}
        none = f"{devices_file()} lists no device; for any SSH destination: edgeattn devices HOST"
        show([pairs(commands) if commands else none])
        return
    from edgeattn.devices.connection import Connection

    address = Address.of(host)
    with working() as progress:
        if install:
            from edgeattn.devices.install import install as put

            progress.stage("install")
            put(address)
        progress.stage("describe")
        connection = Connection(address)
        connection.close()
    show([_described(connection.device)])


def _described(device: Device) -> Table:
    machine = device.machine
    memory = "unknown" if machine.memory_mb is None else f"{machine.memory_mb:,} MB"
    return pairs(
        {
            "Device": device.name,
            "CPU": machine.cpu,
            "Instruction sets": ", ".join(machine.instruction_sets) or "none that int8 kernels differ by",
            "Cores": str(machine.cores),
            "Memory": memory,
            "System": machine.system,
            "Versions": ", ".join(f"{name} {version}" for name, version in machine.versions.items()),
            "Execution providers": ", ".join(device.providers),
            "Intra-op threads in a search": str(device.threads),
        }
    )
