"""A moment by which calls end: an engine stops between two operators then, also inside an endless Loop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from threading import Lock, Timer

import onnxruntime

from edgeattn_runtime.errors import DeadlineError, InputError

_CURRENT: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


class Deadline:
    """Ends the calls of graphs that are made inside of it: one by one, many, or of a generation.

        with edgeattn_runtime.Deadline(seconds=2):
            outputs = net(**inputs)  # DeadlineError after two seconds

    It is the thread's that enters it, and is used once; inside another one the inner one counts. Preparing a
    text, an image or a sound is not stopped: limits keep that short.

    Args:
        seconds: From its beginning; None ends no call, but ``cancel`` does.

    Raises:
        InputError: ``seconds`` is no number above 0.
    """

    def __init__(self, seconds: float | None = None) -> None:
        if seconds is not None and not (0 < seconds < math.inf):
            raise InputError(f"a deadline of {seconds} seconds found, a number above 0 expected")
        self._seconds = seconds
        self._running: set[onnxruntime.RunOptions] = set()
        self._lock = Lock()
        self._over = self._cancelled = False
        self._timer: Timer | None = None
        self._token: Token[Deadline | None] | None = None

    def __enter__(self) -> Deadline:
        if self._seconds is not None:
            self._timer = Timer(self._seconds, self._end)
            self._timer.daemon = True
            self._timer.start()
        self._token = _CURRENT.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._token is not None:
            _CURRENT.reset(self._token)

    @property
    def is_over(self) -> bool:
        """Whether it has passed, or was cancelled."""
        return self._over

    def cancel(self) -> None:
        """End the calls that run, and refuse later ones; from any thread."""
        self._cancelled = True
        self._end()

    def _end(self) -> None:
        with self._lock:
            self._over = True
            for options in self._running:
                options.terminate = True

    @contextmanager
    def options(self, label: str) -> Iterator[onnxruntime.RunOptions]:
        """Yield the options of one call of an engine, by which it is ended; raises DeadlineError."""
        options = onnxruntime.RunOptions()
        with self._lock:
            if self._over:
                raise self.error(label)
            self._running.add(options)
        try:
            yield options
        finally:
            with self._lock:
                self._running.discard(options)

    def error(self, label: str) -> DeadlineError:
        """Return what a call that was ended raises; ``label`` is its graph's."""
        if self._cancelled:
            return DeadlineError(f"{label}: cancelled")
        return DeadlineError(
            f"{label}: not done within {self._seconds:g} s; give it more time, or smaller inputs"
        )


def current() -> Deadline | None:
    """Return the deadline of the calls that this thread makes now; None without one."""
    return _CURRENT.get()
