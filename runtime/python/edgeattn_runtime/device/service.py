"""What a host speaks to: hands requests to a worker, one at a time whoever asks, and starts it again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

from edgeattn_runtime.device.files import disk_full, is_full
from edgeattn_runtime.device.frames import FrameError, Message, read_packed, write_packed
from edgeattn_runtime.device.peer import NOTE, Peer, PeerLostError, refusal
from edgeattn_runtime.errors import BadInput

REQUEST = 1 << 26  # bytes of files that a request brings at most
TIMES = 3  # that a request is given to a worker, which the system may end
WAITING, WORKING = "waiting", "working"  # what a host receives meanwhile

_WORKER = ("-m", "edgeattn_runtime.device.worker")
_RAISED = 1  # the exit code of a Python that an error ended: it would end the next one too
_HERE = "empty"  # the folder that workers work in: no graph finds a file there


class Service:
    """One host's way to this device; ``limit`` is in bytes of the folder of what hosts send. Raises BadInput.

    It only looks at how large requests are; what they say is the worker's to check.
    """

    def __init__(self, files: Path, limit: int, threads: int) -> None:
        files = files.absolute()
        try:
            (files / _HERE).mkdir(parents=True, exist_ok=True, mode=0o700)
            self._turn = Turn(files)
        except OSError as error:
            raise BadInput(_why_no_folder(files, error)) from error
        self._folder = files / _HERE
        self._command = (sys.executable, *_WORKER, str(files), str(limit), str(threads))
        self._pool = ThreadPoolExecutor(1)
        self._worker: Peer | None = None

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._worker is not None:
            self._worker.end()
        self._turn.close()

    def serve(self, requests: IO[bytes], answers: IO[bytes]) -> None:
        """Answer requests until their sender has gone."""
        while (frame := read_packed(requests, most=REQUEST)) is not None:
            with self._turn.taken(lambda: write_packed(answers, {NOTE: WAITING})):
                answer, arrays = self._answered(
                    *frame, working=lambda: write_packed(answers, {NOTE: WORKING})
                )
            write_packed(answers, answer, arrays)

    def _answered(
        self, request: Message, content: bytes, *, working: Callable[[], None]
    ) -> tuple[Message, bytes]:
        """Have a worker answer; one that was killed is replaced, and asked the same."""
        words = ""
        for _ in range(TIMES):
            worker = self._worker = self._worker or Peer(self._command, folder=self._folder)
            answer = self._pool.submit(worker.relay, request, content)
            try:
                while True:
                    try:
                        return answer.result(BEAT)
                    except TimeoutError:
                        working()
            except (PeerLostError, FrameError) as error:
                self._worker, words = None, str(error)
                if isinstance(error, PeerLostError) and error.code == _RAISED:
                    remedy = "install the runtime there again, or measure on another device"
                    return refusal(BadInput(f"{words}; {remedy}")), b""
        return refusal(
            BadInput(
                f"its worker ended {TIMES} times in this measurement, as it does where memory runs out "
                f"({words}); export a smaller model, or measure on a larger device"
            )
        ), b""


def _why_no_folder(files: Path, error: OSError) -> str:
    if is_full(error):
        return disk_full(files)
    return f"folder {files}: {error.strerror}; name another: python -m edgeattn_runtime.device --files"


LOOK = 0.02  # seconds between two looks at whether another host is done
BEAT = 2.0  # seconds after which a host learns that it waits, and again

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _give(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _give(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


class Turn:
    """Two locks in a folder; the system lets go of what a process held that was killed.

    Whoever waits holds the first one. So a host that measures on and on waits behind it for its next turn.
    """

    def __init__(self, folder: Path) -> None:
        self._next, self._turn = ((folder / f"{name}.lock").open("ab") for name in ("next", "turn"))

    @contextmanager
    def taken(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Wait for this process's turn, and hold it inside."""
        _wait(self._next, waiting)
        try:
            _wait(self._turn, waiting)
        finally:
            _give(self._next)
        try:
            yield
        finally:
            _give(self._turn)

    def close(self) -> None:
        """Close the files."""
        self._next.close()
        self._turn.close()


def _wait(file: IO[bytes], waiting: Callable[[], None]) -> None:
    noted = time.monotonic()
    while True:
        try:
            _take(file)
        except OSError:
            time.sleep(LOOK)
        else:
            return
        if time.monotonic() - noted >= BEAT:
            waiting()
            noted = time.monotonic()
