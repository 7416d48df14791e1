"""The table of docs/checkpoints.md: checkpoints of each kind, trained here and exported by one line each.

    python tests/bench/bench_checkpoints.py [NAME ...]

Each is trained for some seconds up to two minutes, on data that packages and this repository carry, saved as
its library saves it, and exported by the command that a user types. Without names, the table in
docs/checkpoints.md is written anew; with names, rows are printed. It needs timm and num2words.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch
import transformers
from checkpoints.example import Example
from checkpoints.images import digits, strokes
from checkpoints.sounds import heard, spelled
from checkpoints.texts import alike, answers, entities, figures, gaps, language, writer

PAGE = Path(__file__).parents[2] / "docs" / "checkpoints.md"
BEGIN, END = "<!-- bench_checkpoints.py -->\n", "<!-- end -->\n"
TRAINED: tuple[Callable[[Path], Example], ...] = (
    *(language, entities, answers, gaps, writer, figures, alike),
    *(digits, strokes, heard, spelled),
)
COLUMNS = ("checkpoint", "verdict", "metric", "PyTorch", "bundle", "MB, PyTorch", "bundle", "ratio")


def main(arguments: list[str] | None = None) -> None:
    """Write the table, or print rows as they come."""
    parser = argparse.ArgumentParser(description="Write the table of checkpoints.")
    parser.add_argument("names", nargs="*", help="default: all")
    names = parser.parse_args(arguments).names
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    rows, machines = [], set()
    for train in TRAINED:
        if names and train.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory() as place:
            report, example = exported(train, Path(place))
        rows.append(row(cells(example, report)))
        machines.add(report["machine"]["cpu"])
        print(rows[-1], flush=True)
    if not names:
        write(rows, COLUMNS, (BEGIN, END), f"{', '.join(sorted(machines))}, {today('checkpoints')}")


def exported(train: Callable[[Path], Example], place: Path) -> tuple[Mapping[str, Any], Example]:
    """Train a checkpoint, and export it by the command that a user types; return its report."""
    torch.manual_seed(0)
    example = train(place)
    command = ["-m", "edgeattn", "export", str(example.folder), "--samples", str(example.data), "--json"]
    if example.columns:
        command += ["--columns", example.columns]
    printed = subprocess.run(
        [sys.executable, *command, "-o", str(place / "out.edge")], stdout=subprocess.PIPE, check=False
    ).stdout
    if not printed:
        sys.exit(f"bench_checkpoints: {train.__name__} was not exported; the line above says why")
    report: Mapping[str, Any] = json.loads(printed)
    return report, example


def cells(example: Example, report: Mapping[str, Any]) -> Iterator[str]:
    """Yield a row of the table."""
    accuracy, size = report["accuracy"], report["size_mb"]
    yield example.task
    yield report["verdict"]
    yield example.metric
    yield f"{accuracy['metric_pytorch']:.4f}"
    yield f"{accuracy['metric_int8']:.4f}"
    yield f"{size['pytorch']:.2f}"
    yield f"{size['int8']:.2f}"
    yield f"{size['int8'] / size['pytorch']:.2f}"


def write(rows: list[str], columns: Sequence[str], marks: tuple[str, str], note: str) -> None:
    """Put a table into the page, between its marks, with a note below; its first three columns are words."""
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(marks[0])[0], page.split(marks[1])[1]
    aligned = ["---"] * 3 + ["---:"] * (len(columns) - 3)
    table = "\n".join([row(columns), row(aligned), *rows])
    PAGE.write_text(f"{before}{marks[0]}\n{table}\n\n{note}\n\n{marks[1]}{after}", encoding="utf-8")


def today(target: str) -> str:
    """Return when a table was made, and by which target of the Makefile."""
    return f"{date.today().isoformat()}, by `make {target}`."


def row(cells: Iterable[str]) -> str:
    """Return a row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
