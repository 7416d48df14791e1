"""The server of a bundle's page, from its start to Ctrl-C, with bounds on what a network may send."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from socket import socket

from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.web import Application

from edgeattn.report.console import LegibleConsole
from edgeattn.serve.address import LOOPBACK, Address, listening, network_host
from edgeattn.serve.context import Context, Journal
from edgeattn.serve.handlers import MOST_BYTES, application
from edgeattn.serve.results import DeviceResults
from edgeattn.serve.screen import Screen
from edgeattn.serve.sessions import Sessions
from edgeattn.serve.site import open_site

HEADERS_WITHIN = 20.0  # seconds, of a request; also how long an idle connection is kept
BODY_WITHIN = 20.0  # seconds
_MOST_HEADERS = 2**14  # bytes
MOST_CONNECTIONS = 800  # at once: below the 1024 files that a process may usually have open
MOST_OF_ADDRESS = 256  # of these, that one address may hold: a browser opens 6, and others still come in


class Server(HTTPServer):
    """An HTTP server that turns away connections beyond a number, in all and of one address."""

    def initialize(self, application: Application, journal: Journal) -> None:  # type: ignore[override]
        """Take the routes, and the journal."""
        super().initialize(
            application,
            idle_connection_timeout=HEADERS_WITHIN,
            body_timeout=BODY_WITHIN,
            max_body_size=MOST_BYTES,
            max_header_size=_MOST_HEADERS,
        )
        self._journal = journal
        self._open: dict[IOStream, str] = {}  # connections, by whom

    def handle_stream(self, stream: IOStream, address: tuple[object, ...]) -> None:
        """Begin a connection, or close it."""
        client = str(address[0])
        of_client = sum(other == client for other in self._open.values())
        if len(self._open) >= MOST_CONNECTIONS or of_client >= MOST_OF_ADDRESS:
            whose = "one address" if of_client >= MOST_OF_ADDRESS else "all"
            self._journal.refused(client, f"a connection beyond the most that {whose} may hold at once")
            stream.close()
            return
        self._open[stream] = client
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        """Forget a connection that ended."""
        assert isinstance(server_conn, HTTP1ServerConnection)
        del self._open[server_conn.stream]
        super().on_close(server_conn)


@asynccontextmanager
async def serving(context: Context, listener: socket) -> AsyncIterator[None]:
    """Serve while the block runs."""
    server = Server(application(context), context.journal)
    listener.setblocking(False)
    server.add_sockets([listener])
    with _logging_to(context.journal):
        try:
            yield
        finally:
            server.stop()
            await server.close_all_connections()


async def interrupt() -> None:
    """Wait for Ctrl-C, or for the system's request to end."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    wakeup = signal.set_wakeup_fd(-1)  # which what ends other commands by force listens to
    handlers = {
        number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(ended.set))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        await ended.wait()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)


class _JournalHandler(logging.Handler):
    """Hands what tornado logs, such as a malformed request, to the journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.INFO)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Note the first line."""
        line, *_ = record.getMessage().splitlines() or [""]
        self._journal.refused("server", ascii(line)[1:-1])


@contextmanager
def _logging_to(journal: Journal) -> Iterator[None]:
    logger, handler = logging.getLogger("tornado"), _JournalHandler(journal)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before


def run(bundle: Path, *, lan: bool, port: int) -> int:
    """Serve a bundle until it is interrupted; its report gains what devices measure.

    Args:
        bundle: The folder.
        lan: Whether other devices of the network may reach it.
        port: To listen on; 0 takes any that is free.

    Returns:
        On how many devices a golden output missed its tolerance.

    Raises:
        BadInput: The bundle is not whole, or none for browsers; the page cannot be built; the port is taken.
    """
    host = network_host() if lan else LOOPBACK
    with open_site(bundle) as files, listening(host, port) as listener:
        address, sessions = Address(host, listener.getsockname()[1]), Sessions()
        screen = Screen(LegibleConsole(), address, sessions)
        results = DeviceResults(bundle, screen.device)
        context = Context(
            sessions, files, results.take, screen, f"edgeattn-{address.port}", address.authority
        )
        screen.welcome(bundle.name)
        asyncio.run(_until_interrupted(context, listener))
        screen.farewell()
    return results.failed


async def _until_interrupted(context: Context, listener: socket) -> None:
    async with serving(context, listener):
        await interrupt()
