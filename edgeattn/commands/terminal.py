"""Progress on stderr: bars for a person who watches, where that is a terminal; lines for a log elsewhere."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from edgeattn.commands.library_log import library_log
from edgeattn.progress import Progress
from edgeattn_runtime.errors import EdgeAttnError
from edgeattn_runtime.legible import one_line

PAUSE = 30.0  # seconds from the start to a log's first line, and from each line to the next one
LINE = 100  # characters

Verbose = Annotated[
    bool, typer.Option("--verbose", help="Show what libraries log, and on failure the whole traceback.")
]


@contextmanager
def working(*, verbose: bool = False) -> Iterator[Progress]:
    """Yield a progress to report to, and keep stdout for the result: what a model prints goes to stderr too.

    Args:
        verbose: Whether to print what libraries log, and the traceback of what fails inside, with its causes.
    """
    try:
        with library_log(verbose=verbose), _progress() as progress:
            yield progress
    except EdgeAttnError:
        if verbose:
            traceback.print_exc()
        raise


@contextmanager
def _progress() -> Iterator[Progress]:
    with redirect_stdout(sys.stderr):
        if not sys.stderr.isatty():
            yield LogLines(sys.stderr)
            return
        with bars_on(Console(stderr=True), "{task.description:<10}") as bars:
            yield Terminal(bars)


def bars_on(console: Console, description: str, *counted: ProgressColumn) -> Bars:
    """Return bars that vanish at their end: each with its description, what is counted, time and doing."""
    return Bars(
        SpinnerColumn(finished_text=" "),
        TextColumn(description),
        BarColumn(bar_width=24),
        *counted,
        TimeElapsedColumn(),
        TextColumn("{task.fields[doing]}", style="dim"),
        console=console,
        transient=True,
        redirect_stdout=False,
    )


class Terminal:
    """One line a stage, with the time it took; a bar where its steps are counted."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._stage: TaskID | None = None

    def stage(self, name: str) -> None:
        """Close the stage before and show the next one."""
        if self._stage is not None:
            self._bars.update(self._stage, completed=1, total=1, doing="")
            self._bars.stop_task(self._stage)
        self._stage = self._bars.add_task(name, total=None, doing="")

    def step(self, done: int, total: int, doing: str = "") -> None:
        """Move the stage's bar, and show what is being done."""
        if self._stage is not None:
            self._bars.update(self._stage, completed=done, total=total, doing=doing)

    def note(self, text: str) -> None:
        """Print a line above the bars, which stays."""
        self._bars.console.print(text, markup=False, highlight=False)


class LogLines:
    """Lines such as "search 12/40 linear.weight, 95 s", none sooner than ``PAUSE`` after the last.

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
            self.note(f"{one_line(text, LINE)}, {now - self._began:.0f} s")
