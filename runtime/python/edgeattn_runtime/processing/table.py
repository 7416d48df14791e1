"""CSV files of series: a column each, found by its name in the first line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import InputError

_GAPS = ("", "nan", "na", "null")  # how a missing value is written, in any case


def read_columns(path: Path, names: Sequence[str]) -> NDArray[np.float64]:
    """Return the columns of those names in that order, (series, time); a missing value is NaN.

    Other columns, such as the time, are left alone.

    Raises:
        InputError: The file is missing, is no CSV file, lacks a column or has it twice, or holds something
            else than a number in it.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; a CSV file expected")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no CSV file of UTF-8 ({error}); save it again") from error
    header, *lines = rows or [[]]
    header = [name.strip() for name in header]
    for name in names:
        if header.count(name) != 1:
            raise InputError(
                f"{path}: {header.count(name)} columns {name!r} found in its first line, one expected; "
                f"it names {', '.join(header)[:80] or 'none'}"
            )
    places = [header.index(name) for name in names]
    values = [[_number(path, i, row, place) for place in places] for i, row in enumerate(lines, start=2)]
    return np.array(values, np.float64).reshape(-1, len(names)).T


def _number(path: Path, line: int, row: Sequence[str], place: int) -> float:
    text = row[place].strip() if place < len(row) else ""
    if text.lower() in _GAPS:
        return float("nan")
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{path}, line {line}: {text[:20]!r} found, a number expected") from error
