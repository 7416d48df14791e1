"""CSV: the first line names the columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from edgeattn.source.checkpoint.utf8 import read_utf8


def read_csv(file: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a UTF-8 file by column; of a .tsv, tabs part them.

    Raises:
        ValueError: It is no UTF-8, a row has more or fewer cells than there are columns, or a quote is not
            closed.
    """
    lines = [*StringIO(read_utf8(file), newline=""), "\n"]  # what an open quote would take in too
    rows = _rows(lines, "\t" if file.suffix.lower() == ".tsv" else ",")
    _, columns = next(rows, (0, []))
    for line, cells in rows:
        if len(cells) != len(columns):
            found = f"{len(cells)} cell" if len(cells) == 1 else f"{len(cells)} cells"
            raise ValueError(f"line {line}: {found} found, {len(columns)} expected; quote what holds a comma")
        yield dict(zip(columns, cells, strict=True))


def _rows(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row that has some, and the line where it begins."""
    reader, begin = csv.reader(lines, delimiter=delimiter), 0
    try:
        for cells in reader:
            if reader.line_num > begin + 1:  # a cell of several lines, or of a quote that was not closed
                list(csv.reader(lines[begin : reader.line_num], delimiter=delimiter, strict=True))
            if cells:
                yield begin + 1, cells
            begin = reader.line_num
    except csv.Error as error:
        raise ValueError(
            f"line {begin + 1}: a quote opens here and is not closed ({error}); close it, or double a quote "
            "that is part of the text"
        ) from error
