"""A server of real sockets, in a thread, and what it told."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from edgeattn.serve.address import LOOPBACK, Address, listening
from edgeattn.serve.context import Context
from edgeattn.serve.server import serving
from edgeattn.serve.sessions import Sessions
from edgeattn.serve.site import ServedFile
from edgeattn_runtime.errors import BadInput

COOKIE = "edgeattn-test"
PATIENCE = 20.0  # seconds until what must happen has happened
SMALL, LARGE = 100, 40_000_000  # bytes of the page, and of a file that fills the buffers of a connection


@dataclass
class Noted:
    """What came in: browsers, refusals, results."""

    browsers: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    results: list[bytes] = field(default_factory=list)

    def entered(self, client: str) -> None:
        self.browsers.append(client)

    def refused(self, client: str, reason: str) -> None:
        self.refusals.append(reason)

    def take(self, content: bytes) -> bool:
        if not content.startswith(b"{"):
            raise BadInput("no result")
        self.results.append(content)
        return True


@dataclass(frozen=True)
class Running:
    """A server that runs.

    Attributes:
        folder: Where the served files lie; others lie beside them.
    """

    port: int
    sessions: Sessions
    noted: Noted
    folder: Path

    @property
    def authority(self) -> str:
        """What ``Host`` must name."""
        return Address(LOOPBACK, self.port).authority

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        session: str | None = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Return the answer and its body."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=30)
        cookie = {} if session is None else {"Cookie": f"{COOKIE}={session}"}
        try:
            connection.request(method, path, body, {**cookie, **(headers or {})})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def enter(self) -> str:
        """Come in by the newest address; return the session."""
        answer, _ = self.ask(f"/open/{self.sessions.token}")
        name, _, value = (answer.headers["Set-Cookie"] or "").partition(";")[0].partition("=")
        assert name == COOKIE
        return value


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    noted, sessions = Noted(), Sessions()
    files = {}
    for name, path, size in (("", folder / "index.html", SMALL), ("large.bin", folder / "large.bin", LARGE)):
        path.write_bytes(bytes(size))
        files[name] = ServedFile(path, size, f"{size:064x}", "text/html")
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()
    with listening(LOOPBACK, 0) as listener:
        port = listener.getsockname()[1]
        started = Running(port, sessions, noted, folder)
        context = Context(sessions, files, noted.take, noted, COOKIE, started.authority)

        async def until_ended() -> None:
            async with serving(context, listener):
                await ended.wait()

        thread = threading.Thread(target=loop.run_until_complete, args=(until_ended(),))
        thread.start()
        try:
            yield started
        finally:
            loop.call_soon_threadsafe(ended.set)
            thread.join()
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def alive(running: Running) -> None:
    """Check that a browser that came in gets the page."""
    answer, body = running.ask("/", session=running.enter())
    assert (answer.status, len(body)) == (200, SMALL)


def post(running: Running, session: str, *lines: str) -> bytes:
    cookie = f"Cookie: edgeattn-test={session}"
    head = ("POST /result HTTP/1.1", f"Host: {running.authority}", cookie, *lines, "", "")
    return "\r\n".join(head).encode()
