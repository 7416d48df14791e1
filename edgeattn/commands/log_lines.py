"""Progress in a log: a line a stage, and none sooner than half a minute after the last."""

from __future__ import annotations

import time
from typing import TextIO

from edgeattn_runtime.legible import one_line

PAUSE = 30.0  # seconds from the start to the first line, and from each line to the next one
LINE = 100  # characters


class LogLines:
    """Lines such as "search 12/40 linear.weight, 95 s".

    Args:
        stream: What they are written to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._name = stream, ""
        self._began = self._written = time.monotonic()

    def stage(self, name: str) -> None:
        """Write which stage begins, where it is time for a line."""
        self._name = name
        self._write(name)

    def step(self, done: int, total: int, doing: str = "") -> None:
        """Write how far a stage is, where it is time for a line."""
        self._write(f"{self._name} {done}/{total} {doing}")

    def note(self, text: str) -> None:
        """Write a line at once."""
        print(text, file=self._stream, flush=True)

    def _write(self, text: str) -> None:
        now = time.monotonic()
        if now - self._written >= PAUSE:
            self._written = now
            print(f"{one_line(text, LINE)}, {now - self._began:.0f} s", file=self._stream, flush=True)
