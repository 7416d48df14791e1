"""What a host speaks to: hands requests to a worker in turns, and starts it again where it ends."""

from __future__ import annotations

import errno
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO

from edgeattn_runtime.device.frames import FrameError, Message, read_packed, write_packed
from edgeattn_runtime.device.measurement_lock import BEAT, Turn
from edgeattn_runtime.device.peer import NOTE, Peer, PeerLostError, refusal
from edgeattn_runtime.errors import BadInput

REQUEST = 1 << 26  # bytes of files that a request brings at most
TIMES = 3  # that a request is given to a worker, which the system may end
WAITING, WORKING = "waiting", "working"  # what a host receives meanwhile

_WORKER = ("-m", "edgeattn_runtime.device.worker")
_RAISED = 1  # the exit code of a Python that an error ended: it would end the next one too
_HERE = "empty"  # the folder that workers work in: no graph finds a file there


class Service:
    """One host's way to this device; ``limit`` is in bytes of the folder of what hosts send.

    It only looks at how large requests are; what they say is the worker's to check.

    Raises:
        BadInput: There is no such folder, and none can be made.
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
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = next(folder for folder in files.parents if folder.exists())
        free = shutil.disk_usage(where).free / 1e6
        return f"its disk is full: {free:,.0f} MB free in {where}; free some there"
    return f"folder {files}: {error.strerror}; name another: python -m edgeattn_runtime.device --files"
