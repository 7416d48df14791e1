"""A bundle's page from its opening to Ctrl-C."""

from __future__ import annotations

import asyncio
from pathlib import Path
from socket import socket

from rich.console import Console

from edgeattn.serve.address import LOOPBACK, Address, listening, network_host
from edgeattn.serve.guests import Guests
from edgeattn.serve.house import House
from edgeattn.serve.opening import opened
from edgeattn.serve.results import DeviceResults
from edgeattn.serve.screen import Screen
from edgeattn.serve.server import interrupt, serving


def run(bundle: Path, *, lan: bool, port: int) -> int:
    """Serve a bundle until it is interrupted; its report gains what devices measure.

    Args:
        bundle: The folder.
        lan: Whether other devices of the network may reach it.
        port: To listen on; 0 takes any that is free.

    Returns:
        On how many devices a golden output was below its tolerance.

    Raises:
        BadInput: The bundle is not whole, or none for browsers; the page cannot be built; the port is taken.
    """
    host = network_host() if lan else LOOPBACK
    with opened(bundle) as shelf, listening(host, port) as listener:
        address, guests = Address(host, listener.getsockname()[1]), Guests()
        screen = Screen(Console(highlight=False, markup=False, emoji=False), address, guests)
        results = DeviceResults(bundle, screen.device)
        house = House(guests, shelf, results, screen, cookie=f"edgeattn-{address.port}")
        screen.welcome(bundle.name)
        asyncio.run(_until_interrupted(house, listener))
        screen.farewell()
    return results.failed


async def _until_interrupted(house: House, listener: socket) -> None:
    async with serving(house, listener):
        await interrupt()
