"""edgeattn serve: a page on which a phone proves a bundle, times it and shows it at work."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from edgeattn.commands.terminal import working
from edgeattn.report.number_words import count
from edgeattn_runtime.errors import CheckFailed

if TYPE_CHECKING:
    from edgeattn.serve.house import House


def serve(
    bundle: Annotated[Path, typer.Argument(metavar="NAME.edge", help="The bundle, with the target web.")],
    lan: Annotated[
        bool, typer.Option("--lan", help="Let devices of this machine's network in; else this machine alone.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes any that is free.")
    ] = 0,
) -> None:
    """Serve a page that proves and times a bundle on a phone; the report gains what it measured."""
    with ExitStack() as held:
        with working() as progress:
            progress.stage("open")
            from edgeattn.serve.address import LOOPBACK, Address, listening, network_host
            from edgeattn.serve.guests import Guests
            from edgeattn.serve.house import House
            from edgeattn.serve.opening import opened
            from edgeattn.serve.results import DeviceResults
            from edgeattn.serve.screen import Screen

            host = network_host() if lan else LOOPBACK
            shelf = held.enter_context(opened(bundle))
            listener = held.enter_context(listening(host, port))
        address, guests = Address(host, listener.getsockname()[1]), Guests()
        screen = Screen(Console(highlight=False, markup=False, emoji=False), address, guests)
        results = DeviceResults(bundle, screen.device)
        house = House(guests, shelf, results, screen, cookie=f"edgeattn-{address.port}")
        screen.welcome(bundle.name)
        asyncio.run(_until_interrupted(house, listener))
        screen.farewell()
    if results.failed:
        raise CheckFailed(f"{bundle}: golden outputs below tolerance on {count(results.failed, 'device')}")


async def _until_interrupted(house: House, listener: socket) -> None:
    from edgeattn.serve.server import interrupt, serving

    async with serving(house, listener):
        await interrupt()
