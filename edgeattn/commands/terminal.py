"""Progress on stderr: bars for a person who watches, where that is a terminal; lines for a log elsewhere."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import TracebackType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from edgeattn.commands.log_lines import LogLines
from edgeattn.progress import Progress
from edgeattn_runtime.errors import EdgeAttnError

Verbose = Annotated[bool, typer.Option("--verbose", help="On failure, show the whole traceback too.")]


@contextmanager
def working(*, verbose: bool = False) -> Iterator[Progress]:
    """Yield a progress to report to, and keep stdout for the result: what a model prints goes to stderr too.

    Args:
        verbose: Whether to print the traceback of what fails inside, with its causes.
    """
    try:
        with _progress() as progress:
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
        with Terminal(Console(stderr=True)) as terminal:
            yield terminal


class Terminal:
    """One line a stage, with the time it took; a bar where its steps are counted."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[doing]}", style="dim"),
            console=console,
            transient=True,
            redirect_stdout=False,
        )
        self._stage: TaskID | None = None

    def __enter__(self) -> Terminal:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def stage(self, name: str) -> None:
        """Close the stage before and show the next one."""
        self._finish()
        self._stage = self._bars.add_task(name, total=None, doing="")

    def step(self, done: int, total: int, doing: str = "") -> None:
        """Move the stage's bar, and show what is being done."""
        if self._stage is not None:
            self._bars.update(self._stage, completed=done, total=total, doing=doing)

    def note(self, text: str) -> None:
        """Print a line above the bars, which stays."""
        self._bars.console.print(text, markup=False, highlight=False)

    def _finish(self) -> None:
        if self._stage is not None:
            self._bars.update(self._stage, completed=1, total=1, doing="")
            self._bars.stop_task(self._stage)
