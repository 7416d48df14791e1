"""A table of docs/checkpoints.md: a row a checkpoint, each trained for it."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import torch
import transformers
from checkpoints.example import Example

from edgeattn_runtime.timing.machine import Machine

PAGE = Path(__file__).parents[3] / "docs" / "checkpoints.md"
Train = Callable[[Path], Example]
Cells = Callable[[Example, Path], Iterable[str]]


def write_table(
    target: str, columns: Sequence[str], rows: Mapping[Train, Cells], arguments: list[str] | None
) -> None:
    """Write a table anew, between its marks in the page; or print the rows of checkpoints that are named.

    Args:
        target: Of the Makefile, which names the benchmark and its marks too.
        columns: The first three are words.
        rows: What trains a checkpoint, and what makes cells of it and of the folder of a bundle to be.
        arguments: Of the command line.
    """
    parser = argparse.ArgumentParser(description=f"Write the table of make {target}.")
    parser.add_argument("names", nargs="*", help="default: all")
    names = parser.parse_args(arguments).names
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    lines = []
    for train, cells in rows.items():
        if names and train.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory() as place:
            torch.manual_seed(0)
            lines.append(_row(cells(train(Path(place)), Path(place) / "out.edge")))
        print(lines[-1], flush=True)
    if not names:
        _write(target, columns, lines)


def _write(target: str, columns: Sequence[str], lines: Sequence[str]) -> None:
    begin, end = f"<!-- bench_{target}.py -->\n", f"<!-- end of {target} -->\n"
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(begin)[0], page.split(end)[1]
    aligned = ["---"] * 3 + ["---:"] * (len(columns) - 3)
    table = "\n".join([_row(columns), _row(aligned), *lines])
    note = f"{Machine.here().cpu}, {date.today().isoformat()}, by `make {target}`."
    PAGE.write_text(f"{before}{begin}\n{table}\n\n{note}\n\n{end}{after}", encoding="utf-8")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
