"""How far the rows of a sweep have come, reported by workers through Dask's own events."""

from __future__ import annotations

import time

from distributed import get_worker

from edgeattn.progress import Silent

TOPIC = "edgeattn"
PAUSE = 0.2  # seconds between two steps that are reported


class Watch:
    """What follows the progress of a sweep; this one shows nothing."""

    def begin(self, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` rows were done before."""

    def stage(self, row: str, name: str) -> None:
        """Say that a row, in words, comes to a stage."""

    def step(self, row: str, done: int, total: int, doing: str) -> None:
        """Say how far a row has come in its stage."""

    def end(self, row: str) -> None:
        """Say that a row is done."""


class RowProgress(Silent):
    """The progress of a row on a worker, forwarded to whoever watches the sweep; notes are in its report.

    Args:
        row: In words.
    """

    def __init__(self, row: str) -> None:
        self._row, self._last = row, 0.0

    def stage(self, name: str) -> None:
        """Report that a stage begins."""
        get_worker().log_event(TOPIC, {"row": self._row, "stage": name})

    def step(self, done: int, total: int, doing: str = "") -> None:
        """Report a step, but for those that follow one another too fast to be read."""
        now = time.monotonic()
        if now - self._last >= PAUSE:
            self._last = now
            get_worker().log_event(TOPIC, {"row": self._row, "step": (done, total, doing)})


def forward(watch: Watch, event: dict[str, object]) -> None:
    """Forward a worker's event to a watch."""
    row = str(event["row"])
    match event:
        case {"stage": str(name)}:
            watch.stage(row, name)
        case {"step": (int(done), int(total), str(doing))}:
            watch.step(row, done, total, doing)
