"""The progress of a sweep for a person who watches: one bar for all rows, one for each that is worked on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from edgeattn.sweep.events import Unwatched, Watch


@contextmanager
def watching(dashboard: str | None) -> Iterator[Watch]:
    """Yield who listens to a sweep: bars on stderr where that is a terminal, nobody where it is none.

    Args:
        dashboard: The address of Dask's page on the same work; None where there is none.
    """
    if not sys.stderr.isatty():
        yield Unwatched()
        return
    with SweepBars(Console(stderr=True), dashboard) as bars:
        yield bars


class SweepBars(Unwatched):
    """The bars.

    Args:
        console: Where they are drawn.
        dashboard: As for ``watching``.
    """

    def __init__(self, console: Console, dashboard: str | None) -> None:
        self._bars = Bars(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[doing]}", style="dim"),
            console=console,
            transient=True,
            redirect_stdout=False,
        )
        self._link = "" if dashboard is None else f"Dask: {dashboard}"
        self._all = self._bars.add_task("models", total=None, doing=self._link)
        self._rows: dict[str, TaskID] = {}

    def __enter__(self) -> SweepBars:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

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
