"""One measurement at a time, whoever asks: a lock that the processes of a device share."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

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
        with _held(self._next, waiting):
            _wait(self._turn, waiting)
        try:
            yield
        finally:
            _give(self._turn)

    def close(self) -> None:
        """Close the files."""
        self._next.close()
        self._turn.close()


@contextmanager
def _held(file: IO[bytes], waiting: Callable[[], None]) -> Iterator[None]:
    _wait(file, waiting)
    try:
        yield
    finally:
        _give(file)


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
