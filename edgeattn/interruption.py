"""How a signal ends a command: in order where that takes no more than a second, else by force.

Python handles a signal between two of its own instructions. A call of PyTorch or onnxruntime may take minutes
until then, and a library may catch the exception. So a thread listens too, and ends the process in ``GRACE``.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from time import sleep
from typing import Final, NoReturn

from edgeattn_export.graph.temporary import process_folder
from edgeattn_runtime.bundle.folder_lock import own_folders

GRACE: Final = 1.0  # seconds in which a command may end in order: its workers are closed, its bars taken away
_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")  # the last not on Windows
_SIGNALS: Final = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
_SHOW_CURSOR: Final = "\x1b[?25h"  # which a terminal's bars hide


class QuickExit:
    """Ends the process after the exit functions registered later: Python would let go of graphs for seconds.

    Attributes:
        code: The exit code; None leaves the end to Python.
    """

    def __init__(self) -> None:
        self.code: int | None = None
        atexit.register(self._leave)

    def _leave(self) -> None:
        if self.code is not None:
            with suppress(OSError, ValueError, AttributeError):  # Python reports a stream that takes no more
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(self.code)


class Interruption:
    """Listens for the signals that end a process, in its main thread, while the block runs.

    The first raises KeyboardInterrupt in the main thread; later ones are ignored.

    Attributes:
        number: Of the signal; None as long as there is none.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._lock, self._is_reported = Lock(), False
        self._before = {number: signal.getsignal(number) for number in _SIGNALS}

    def __enter__(self) -> Interruption:
        heard, self._told = os.pipe()
        os.set_blocking(self._told, False)
        self._wakeup = signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
        for number, handler in self._before.items():
            if handler is not signal.SIG_IGN:  # as nohup has it, and a shell for what runs in its background
                signal.signal(number, self._raise)
        atexit.register(self._leave)
        Thread(target=self._watch, args=(heard,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.number is not None:
            return  # its exit is watched too
        atexit.unregister(self._leave)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._told)

    def report(self) -> int:
        """Report the end in one line on stderr, once; return the exit code, 128 and the signal's number."""
        number = self.number or signal.SIGINT
        with self._lock:
            if not self._is_reported:
                word = "interrupted" if number == signal.SIGINT else "terminated"
                sys.stderr.write(f"edgeattn: {word}; nothing is left half-written\n")
                sys.stderr.flush()
            self._is_reported = True
        return 128 + number

    def _raise(self, number: int, _: object) -> NoReturn:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        self.number = number
        raise KeyboardInterrupt

    def _leave(self) -> None:
        """Leave after what others do at the exit: Python would take seconds to let go of large graphs."""
        if self.number is not None:
            os._exit(self.report())

    def _watch(self, heard: int) -> None:
        """Wait for a signal that is not another handler's, as the server of a page has its own."""
        with os.fdopen(heard, "rb", buffering=0) as signals:
            while number := signals.read(1):
                if number[0] in _SIGNALS and signal.getsignal(number[0]) in (self._raise, signal.SIG_IGN):
                    self.number = number[0]
                    sleep(GRACE)
                    self._end()

    def _end(self) -> NoReturn:
        """End the process and its workers, whatever they do, and remove their own files."""
        for worker in multiprocessing.active_children():
            worker.kill()
        for folder in own_folders():
            shutil.rmtree(folder, ignore_errors=True)
        if sys.stderr.isatty():
            sys.stderr.write(_SHOW_CURSOR)
        os._exit(self.report())


@contextmanager
def own_temporary_folder() -> Iterator[None]:
    """Put what any library keeps in TMPDIR, here and in child processes, into this process's folder there."""
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    with suppress(OSError):  # where nothing can be written, a command that needs it says so
        os.environ["TMPDIR"] = tempfile.tempdir = str(process_folder())
    try:
        yield
    finally:
        tempfile.tempdir, variable = before
        if variable is None:
            os.environ.pop("TMPDIR", None)
        else:
            os.environ["TMPDIR"] = variable
