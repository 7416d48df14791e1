"""The progress of a sweep for a person who watches: one bar for all rows, one for each that is worked on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import MofNCompleteColumn, TaskID
from rich.progress import Progress as Bars

from edgeattn.commands.terminal import bars_on
from edgeattn.sweep.events import Watch


@contextmanager
def watching(dashboard: str | None) -> Iterator[Watch]:
    """Yield what follows a sweep: bars on stderr where that is a terminal, nothing where it is none.

    Args:
        dashboard: The address of Dask's page on the same work; None where there is none.
    """
    if not sys.stderr.isatty():
        yield Watch()
        return
    with bars_on(Console(stderr=True), "{task.description}", MofNCompleteColumn()) as bars:
        yield SweepBars(bars, dashboard)


class SweepBars(Watch):
    """The bars; arguments are ``bars_on``'s and those of ``watching``."""

    def __init__(self, bars: Bars, dashboard: str | None) -> None:
        self._bars = bars
        link = "" if dashboard is None else f"Dask: {dashboard}"
        self._all = bars.add_task("models", total=None, doing=link)
        self._rows: dict[str, TaskID] = {}

    def begin(self, done: int, total: int) -> None:
        """Begin to count rows."""
        self._bars.update(self._all, description="rows", completed=done, total=total)

    def stage(self, row: str, name: str) -> None:
        """Show what is done of a row."""
        self._bars.update(self._task(row), completed=0, total=None, doing=name)

    def step(self, row: str, done: int, total: int, doing: str) -> None:
        """Move a row's bar."""
        self._bars.update(self._task(row), completed=done, total=total, doing=doing)

    def end(self, row: str) -> None:
        """Count a row, and take its bar away."""
        self._bars.advance(self._all)
        task = self._rows.pop(row, None)
        if task is not None:
            self._bars.remove_task(task)

    def _task(self, row: str) -> TaskID:
        if row not in self._rows:
            self._rows[row] = self._bars.add_task(row, total=None, doing="")
        return self._rows[row]
