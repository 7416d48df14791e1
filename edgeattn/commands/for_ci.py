"""--summary: the file that a command writes for continuous integration."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from edgeattn.report import ci
from edgeattn.results.report import Report
from edgeattn_runtime.errors import BadInput

Summary = Annotated[
    Path | None,
    typer.Option(metavar="FILE.md", help="Write a Markdown summary, as for a pull request."),
]


def write_reports(path: Path | None, reports: Iterable[Report]) -> None:
    """Write the summary of each report, in turn; None writes nothing."""
    write_summary(path, "\n".join(map(ci.summary, reports)))


def write_summary(path: Path | None, text: str) -> None:
    """Write Markdown; None writes nothing."""
    if path is not None:
        path.write_text(text, encoding="utf-8")


def check_place(option: str, path: Path | None) -> None:
    """Check, before any work, that a file can be written where an option says.

    Raises:
        BadInput: It is a folder, or in none.
    """
    if path is None:
        return
    if path.is_dir():
        raise BadInput(f"{option} {path}: a folder found, the name of a file expected")
    if not path.resolve().parent.is_dir():
        raise BadInput(f"{option} {path}: no such folder; create it, or name another place")
