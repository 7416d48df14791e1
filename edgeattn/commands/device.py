"""edgeattn device, as edgeattn --help lists it; ``edgeattn.__main__`` runs it, where there is no workshop."""

from __future__ import annotations

import typer


def device(arguments: typer.Context) -> None:
    """Let hosts measure on this machine; needs only edgeattn[device]."""
    from edgeattn.devices.on_device.command_line import run

    run(arguments.args)
