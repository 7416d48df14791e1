"""The answers to a browser: it is admitted once, it fetches files, it sends a result."""

from __future__ import annotations

import asyncio
from html import escape
from http import HTTPStatus
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler, stream_request_body

from edgeattn.serve.context import Context
from edgeattn.serve.site import ServedFile
from edgeattn_runtime.errors import EdgeAttnError

# Of every answer: no page of another origin reaches in, and this one reaches none. The first two are what
# a browser asks for before it gives a page threads. The engine compiles wasm, and starts its threads from
# its own files.
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
    "style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}


MOST_BYTES = 2**18  # of a result; those of eight golden samples are some 20 kB
STALLED = 60.0  # seconds after which a browser that takes no bytes is left
_CHUNK = 2**18  # bytes, of a file
_NAME_LENGTH = 80  # characters that the terminal shows of a name or a path that somebody made up

_NOTICE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>edgeattn</title>
<h1>{title}</h1>
<p>{words}</p>
</html>
"""
_SCAN = "Each address opens in one browser, once. Scan the newest code in the terminal, or copy its address."


def application(context: Context) -> Application:
    """Return the routes."""
    arguments = {"context": context}
    return Application(
        [
            (r"/open/([^/]*)", Entrance, arguments),
            (r"/result", Result, arguments),
            (r"/(.*)", Files, arguments),
        ],
        log_function=lambda _: None,  # the journal notes what matters
        default_handler_class=Files,
        default_handler_args=arguments,
        compress_response=False,
    )


class Handler(RequestHandler):
    """What every answer has: the headers, and errors as a plain page."""

    def initialize(self, context: Context) -> None:
        """Take what all handlers share."""
        self.context = context

    def prepare(self) -> None:
        """Refuse a browser that came by another name than the terminal shows."""
        if self.request.host != self.context.authority:
            reason = f"asked for by the name {self.request.host[:_NAME_LENGTH]!a}"
            self.refuse(HTTPStatus.MISDIRECTED_REQUEST, reason, f"This is no page of that name. {_SCAN}")

    def set_default_headers(self) -> None:
        """Set the headers, of errors too."""
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    @property
    def client(self) -> str:
        """The address of the device."""
        return str(self.request.remote_ip)

    @property
    def session(self) -> str | None:
        """The session that the browser names, where it was admitted; None otherwise."""
        session = self.get_cookie(self.context.cookie)
        return session if self.context.sessions.knows(session) else None

    def refuse(self, status: HTTPStatus, reason: str, words: str) -> None:
        """Answer with a plain page, and note why."""
        self.context.journal.refused(self.client, reason)
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(_NOTICE.format(title=escape(status.phrase), words=escape(words)))

    def write_error(self, status_code: int, **_: Any) -> None:
        """Answer what tornado refuses by itself, such as a method that there is none of."""
        status = HTTPStatus(status_code)
        self.refuse(status, f"{status} {status.phrase}", f"{status.phrase}. {_SCAN}")


class Entrance(Handler):
    """Admits one browser, and sends it on to the page."""

    def get(self, token: str) -> None:
        """Take the token for a session."""
        session = self.context.sessions.admit(token)
        if session is not None:
            self.set_cookie(self.context.cookie, session, httponly=True, samesite="Lax")
            self.context.journal.entered(self.client)
        elif self.session is None:
            self.refuse(HTTPStatus.FORBIDDEN, "the address was used before, or is not whole", _SCAN)
            return
        self.redirect("/", status=HTTPStatus.SEE_OTHER)


class Files(Handler):
    """Serves files only by their names: a path that climbs is the name of no file."""

    async def get(self, path: str = "") -> None:
        """Send a file, or say that the browser has it already."""
        if self.session is None:
            self.refuse(HTTPStatus.FORBIDDEN, "a browser that was not admitted", _SCAN)
            return
        file = self.context.files.get(path)
        if file is None:
            self.refuse(HTTPStatus.NOT_FOUND, f"no file {path[:_NAME_LENGTH]!a}", "There is no such file.")
            return
        self.set_header("Content-Type", file.type)
        self.set_header("Etag", f'"{file.sha256}"')
        if self.check_etag_header():
            self.set_status(HTTPStatus.NOT_MODIFIED)
            return
        self.set_header("Content-Length", file.size)
        await self._send(file)

    async def _send(self, file: ServedFile) -> None:
        try:
            with file.path.open("rb") as content:
                while chunk := content.read(_CHUNK):
                    self.write(chunk)
                    await asyncio.wait_for(self.flush(), STALLED)
        except (StreamClosedError, TimeoutError):
            self.context.journal.refused(self.client, f"the device left amid {file.path.name}")
            self.detach().close()


@stream_request_body
class Result(Handler):
    """Takes what a device measured, once its size and its sender are known."""

    def prepare(self) -> None:
        """Refuse a result before it is read."""
        super().prepare()
        if self._finished:
            return
        self._content = bytearray()
        session, length = self.session, self.request.headers.get("Content-Length", "")
        own = f"{self.request.protocol}://{self.request.host}"
        if self.request.method != "POST":
            return
        if session is None or self.request.headers.get("Origin", own) != own:
            self._refuse(HTTPStatus.FORBIDDEN, "a result of a page that was not admitted")
        elif not length.isdecimal():
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "a result without its size")
        elif int(length) > MOST_BYTES:
            self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"a result of {int(length):,} bytes, at most {MOST_BYTES:,} expected",
            )
        elif not self.context.sessions.count_result(session):
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS, "enough results of this browser; scan the newest code")

    def data_received(self, chunk: bytes) -> None:
        """Keep a part."""
        self._content += chunk

    async def post(self) -> None:
        """Hand it on; what is wrong with it is the answer."""
        try:
            is_added = await asyncio.to_thread(self.context.take, bytes(self._content))
        except EdgeAttnError as error:
            self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
            return
        self.finish({"kept": is_added})

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self.context.journal.refused(self.client, reason)
        self.set_status(status)
        self.finish({"error": reason})
