"""Series: their entry in the manifest, how a CSV file becomes an input, and an output a forecast."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.fields import Field, Record, choice
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.legible import one_line
from edgeattn_runtime.processing.tensors import check_kind, find_tensor

_GAPS = ("", "nan", "na", "null")  # how a missing value is written, in any case

_BLANKS = " \t"  # around a cell
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series(Record):
    """How several series become an input: (value - mean) / std, by series.

    Attributes:
        input: Float32, ``[batch, series, time]``.
        output: What is forecast, in the same units and order; None where nothing is.
        names: Of the series, in the input's order.
        mean: A number for each.
        std: A number above 0 for each.
        missing: What becomes of a missing value: "refuse", or "hold", the value before it.
    """

    input: str
    output: str | None
    names: Annotated[tuple[str, ...], Field.names]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    missing: Annotated[str, choice("refuse", "hold")]

    def __str__(self) -> str:
        return f"{len(self.names)} series ({', '.join(self.names)}) into {self.input}"

    def check_values(self, values: Mapping[str, Field]) -> None:
        """Check that there is a number a series."""
        for name in ("mean", "std"):
            if len(getattr(self, name)) != len(self.names):
                raise values[name].refusal(f"{len(self.names)} number(s), one a series")
        if min(self.std) <= 0:
            raise values["std"].refusal("numbers above 0")

    def check(self, inputs: Mapping[str, Tensor], outputs: Mapping[str, Tensor]) -> None:
        """Check that its input, and its output where it has one, are float32 with a place for each series."""
        self._check("series.input", self.input, inputs)
        if self.output is not None:
            self._check("series.output", self.output, outputs)

    def _check(self, key: str, name: str, tensors: Mapping[str, Tensor]) -> None:
        tensor = find_tensor(key, name, tensors)
        check_kind(key, tensor, ("float32",), 3)
        if tensor.dims[1] != len(self.names):
            raise BundleError(
                f"processing.series.names: {len(self.names)} found, as many as in {tensor} expected"
            )

    def scaled(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return values, (series, time), as the input takes them."""
        with np.errstate(over="ignore"):
            return ((values - _column(self.mean)) / _column(self.std)).astype(np.float32)

    def forecast(self, outputs: Mapping[str, object]) -> NDArray[np.float64]:
        """Return the output in the series' own units, (N, series, time); raises InputError."""
        if self.output is None or self.output not in outputs:
            raise InputError(f"outputs: no {self.output or 'forecast'} among {', '.join(outputs) or 'none'}")
        values = np.asarray(outputs[self.output])
        if values.dtype != np.float32 or values.ndim != 3 or values.shape[1] != len(self.names):
            raise InputError(
                f"{self.output}: {values.dtype} {list(values.shape)} found, float32 "
                f"[batch, {len(self.names)}, time] expected"
            )
        return values * _column(self.std) + _column(self.mean)


def prepare_series(series: Series, tensor: Tensor, sources: Sequence[object]) -> NDArray[np.float32]:
    """Return CSV files, or arrays (series, time), as an input takes them: float32, (N, series, time).

    Raises:
        InputError: One is neither, has other series, another number of values than the input or the others,
            an infinite value, or a missing one (NaN) where none may be or all are missing.
    """
    rows = [series.scaled(_checked(series, tensor, *_read_values(series, source))) for source in sources]
    lengths = {row.shape[1] for row in rows}
    if len(lengths) > 1:
        raise InputError(
            f"series: {min(lengths):,} to {max(lengths):,} values of each found, one length expected; "
            "prepare them one by one"
        )
    return np.stack(rows)


def _read_values(series: Series, source: object) -> tuple[str, NDArray[Any]]:
    if isinstance(source, str | os.PathLike):
        return str(source), read_columns(Path(source), series.names)
    return "series", np.asarray(source)


def _checked(series: Series, tensor: Tensor, name: str, values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype.kind not in "fiu" or values.ndim != 2 or len(values) != len(series.names):
        raise InputError(
            f"{name}: {values.dtype} {list(values.shape)} found, numbers of [{len(series.names)}, time] "
            f"expected: {', '.join(series.names)}"
        )
    time, expected = values.shape[1], tensor.dims[2]
    if time == 0 or (isinstance(expected, int) and time != expected):
        sizes = f"{expected:,}" if isinstance(expected, int) else "at least 1"
        remedy = f"; give the last {sizes}" if isinstance(expected, int) and time > expected else ""
        raise InputError(f"{name}: {time:,} values of each series found, {sizes} expected{remedy}")
    numbers = values.astype(np.float64)
    if np.isinf(numbers).any():
        raise InputError(f"{name}: an infinite value found, numbers expected")
    for label, row in zip(series.names, numbers, strict=True):
        _fill(series, f"{name}: {label}", row)
    return numbers


def _fill(series: Series, name: str, row: NDArray[np.float64]) -> None:
    """Fill the gaps of one series, in place, as the manifest says."""
    missing = np.isnan(row)
    if not missing.any():
        return
    if series.missing == "refuse":
        raise InputError(
            f"{name}: {missing.sum():,} of {row.size:,} values are missing, the first at "
            f"{missing.argmax():,}; the bundle takes none with gaps"
        )
    if missing.all():
        raise InputError(f"{name}: all {row.size:,} values are missing, at least one expected")
    present = np.flatnonzero(~missing)
    before = np.maximum(np.searchsorted(present, np.arange(row.size), side="right") - 1, 0)
    row[:] = row[present[before]]


def _column(numbers: Sequence[float]) -> NDArray[np.float64]:
    return np.array(numbers, np.float64)[:, np.newaxis]


def read_columns(path: Path, names: Sequence[str]) -> NDArray[np.float64]:
    """Return the columns of those names in that order, (series, time); a missing value is NaN.

    Other columns, such as the time, are ignored.

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
    header = [name.strip(_BLANKS) for name in header]
    counts = Counter(header)
    for name in names:
        if counts[name] != 1:
            raise InputError(
                f"{path}: {counts[name]} columns {name!r} found in its first line, one expected; "
                f"it names {one_line(', '.join(header), 80) or 'none'}"
            )
    index = {name: place for place, name in enumerate(header)}
    places = [index[name] for name in names]
    values = [[_number(path, i, row, place) for place in places] for i, row in enumerate(lines, start=2)]
    return np.array(values, np.float64).reshape(-1, len(names)).T


def _number(path: Path, line: int, row: Sequence[str], place: int) -> float:
    text = row[place].strip(_BLANKS) if place < len(row) else ""
    if text.lower() in _GAPS:
        return float("nan")
    if _NUMBER.fullmatch(text) is None:
        raise InputError(f"{path}, line {line}: {text[:20]!r} found, a number expected")
    return float(text)
