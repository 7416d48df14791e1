"""A process that is asked by frames on its standard streams, and what such a process does with them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, Thread, Timer
from typing import IO, Any

from numpy.typing import NDArray

from edgeattn_runtime import errors
from edgeattn_runtime.device.frames import (
    CONTENT,
    Arrays,
    FrameError,
    Message,
    read_frame,
    read_packed,
    unpacked,
    write_frame,
    write_packed,
)
from edgeattn_runtime.errors import BadInput, BundleError, EdgeAttnError

Answer = tuple[Mapping[str, object], Arrays]
Verb = Callable[[Message, dict[str, NDArray[Any]]], Answer]

NOTE = "note"  # the key of frames that come before an answer, with the reason why it takes so long

_KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, EdgeAttnError)
}
_REASON = 2000  # characters of an error's reason at most
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has no other
_ENDING = 5.0  # seconds in which a process must end


class PeerLostError(BundleError):
    """The process has ended, by ``code`` (below 0 a signal, None unknown), or was silent for too long."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason)
        self.code = code


class Peer:
    """A process that answers requests, one after the other, of any thread; it ends with this object.

    Args:
        command: What starts it.
        folder: Where it works; None takes this process's own.
        most: Bytes of arrays that one of its answers may have.
        silence: Seconds without a frame, while it is asked, after which it counts as lost; None waits.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path | None = None,
        most: int = CONTENT,
        silence: float | None = None,
    ) -> None:
        self._lock, self.most, self.silence = Lock(), most, silence
        self._words: deque[bytes] = deque(maxlen=1)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
            start_new_session=True,
        )
        self._hearing = Thread(target=_hear, args=(self._process.stderr, self._words), daemon=True)
        self._hearing.start()
        self.end = weakref.finalize(self, _end, self._process)

    def ask(
        self,
        message: Mapping[str, object],
        arrays: Arrays | None = None,
        *,
        noted: Callable[[object], None] = lambda _: None,
    ) -> tuple[Message, dict[str, NDArray[Any]]]:
        """Return the answer to a request, and its arrays.

        Raises:
            EdgeAttnError: What the other side raised.
            FrameError: It answers with something else than frames.
            PeerLostError: It has ended.
        """
        with self._lock:
            answer, content = self._exchanged(lambda stream: write_frame(stream, message, arrays), noted)
        if "error" in answer:
            kind = _KINDS.get(str(answer["error"]), BadInput)
            raise kind(_line(str(answer.get("reason"))))
        return answer, unpacked(content)

    def relay(self, message: Mapping[str, object], content: bytes) -> tuple[Message, bytes]:
        """Return the answer to a request as it came, an error too; raises as ``ask`` where there is none."""
        with self._lock:
            return self._exchanged(lambda stream: write_packed(stream, message, content), lambda _: None)

    def _exchanged(
        self, write: Callable[[IO[bytes]], None], noted: Callable[[object], None]
    ) -> tuple[Message, bytes]:
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None:
            raise TypeError("a process without pipes")
        if not self.end.alive:
            raise PeerLostError(f"the worker has ended: {self.last_words()}")
        with suppress(ConnectionError), self._ended_amid_frames():
            with self._watched():
                write(requests)
            while (frame := self._heard(answers)) is not None:
                if NOTE not in frame[0]:
                    return frame
                noted(frame[0][NOTE])
        code, words = self._code(), self.last_words()
        self.end()
        raise PeerLostError(f"the worker ended with code {code}: {words}", code)

    @contextmanager
    def _ended_amid_frames(self) -> Iterator[None]:
        """End a process that nobody knows the next frame of."""
        try:
            yield
        except FrameError:
            self.end()
            raise

    def _heard(self, answers: IO[bytes]) -> tuple[Message, bytes] | None:
        with self._watched():
            return read_packed(answers, most=self.most)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """End a process that neither reads nor writes for too long, which ends the waiting for it too."""
        if self.silence is None:
            yield
            return
        watch = Timer(self.silence, _signal, (self._process, _KILL))
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _code(self) -> int:
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(_ENDING)
        _signal(self._process, signal.SIGTERM)
        return self._process.wait()

    def last_words(self) -> str:
        """Return the last line that the process wrote to stderr."""
        self._hearing.join(_ENDING)
        lines = b"".join(self._words).decode(errors="replace").strip().splitlines()
        return _line(lines[-1]) if lines else "it said nothing"


def serve(verbs: Mapping[str, Verb], requests: IO[bytes], answers: IO[bytes], *, most: int = CONTENT) -> None:
    """Answer requests until their sender has gone; what goes wrong is an answer too.

    What is no frame is the last request: the next one could begin anywhere.
    """
    while True:
        try:
            frame = read_frame(requests, most=most)
        except FrameError as error:
            write_frame(answers, refusal(error))
            return
        if frame is None:
            return
        message, arrays = frame
        try:
            answer, outputs = _verb(verbs, message)(message, arrays)
        except EdgeAttnError as error:
            answer, outputs = refusal(error), {}
        write_frame(answers, answer, outputs)


def _verb(verbs: Mapping[str, Verb], message: Message) -> Verb:
    name = message.get("verb")
    if not isinstance(name, str) or name not in verbs:
        raise BadInput(f"verb {str(name)[:40]!r}: one of {', '.join(verbs)} expected")
    return verbs[name]


def refusal(error: EdgeAttnError) -> dict[str, object]:
    """Return an error as an answer, which ``Peer.ask`` raises again."""
    named = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _KINDS)
    return {"error": named, "reason": str(error)}


def standard_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Return the streams of requests and answers; what libraries print goes to stderr, and disturbs none."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return sys.stdin.buffer, answers


def _line(text: str) -> str:
    """Return what another side says as a line that changes nothing of a terminal."""
    return "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))[:_REASON]


def _hear(stream: IO[bytes], words: deque[bytes]) -> None:
    """Keep the end of what a process writes to stderr, however much that is."""
    kept = b""
    while chunk := stream.read1(4096):  # type: ignore[attr-defined]
        kept = (kept + chunk)[-4096:]
        words.append(kept)
    stream.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started; it has a while to do so itself."""
    _signal(process, signal.SIGTERM)
    try:
        process.wait(_ENDING)
    except subprocess.TimeoutExpired:
        _signal(process, _KILL)
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a process and to those of its session."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()
