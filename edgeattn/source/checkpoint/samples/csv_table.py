"""CSV: the first line names the columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path


def read_csv(file: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a UTF-8 file by column; of a .tsv, tabs part them.

    Raises:
        ValueError: A row has more or fewer cells than there are columns.
    """
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, delimiter="\t" if file.suffix.lower() == ".tsv" else ",")
        for row in reader:
            if None in row or None in row.values():
                raise ValueError(
                    f"line {reader.line_num}: a row of another length found, "
                    f"{len(reader.fieldnames or ())} cells expected; quote what holds a comma"
                )
            yield row
