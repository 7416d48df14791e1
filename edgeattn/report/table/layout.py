"""How a terminal shows parts: printed one below the other, words in pairs, listings, colored verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeattn.report.console import LegibleConsole
from edgeattn.results.check import Verdict

STYLES: Mapping[Verdict, str] = {"pass": "green", "fail": "red", "undecided": "yellow"}

INDENT = (0, 0, 0, 2)  # rich's order: top, right, bottom, left


def show(parts: Iterable[RenderableType], *, width: int | None = None) -> None:
    """Print parts to stdout, a blank line around each.

    Args:
        parts: What to print; brackets in it are dims, not markup.
        width: In columns; None takes the terminal's.
    """
    console = LegibleConsole(width=width)
    for part in parts:
        console.print()
        console.print(Padding(part, INDENT, expand=False))
    console.print()


def pairs(rows: Mapping[str, RenderableType]) -> Table:
    """Lay out words and what they stand for, in two columns."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for word, meaning in rows.items():
        table.add_row(word, meaning)
    return table


def listing(*columns: str, whole_numbers: bool = False) -> Table:
    """Return a table without rows; a column whose name begins with ">" stands at the right.

    Args:
        columns: Their names.
        whole_numbers: Whether what stands at the right is written in one line, however narrow the terminal.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        is_number = column.startswith(">")
        justify: JustifyMethod = "right" if is_number else "left"
        table.add_column(column.removeprefix(">"), justify=justify, no_wrap=is_number and whole_numbers)
    return table


def passed(*, ok: bool) -> Text:
    """Write whether something holds."""
    return colored("pass" if ok else "fail")


def colored(verdict: Verdict) -> Text:
    """Write a verdict in its color."""
    return Text(verdict, style=STYLES[verdict])
