"""Parquet, by pyarrow.

A text that many rows repeat stands once in a file, and so in memory: columns of texts and bytes stay indices
into a dictionary, and equal values of a row group are one object of Python's.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from edgeattn_runtime.errors import SampleError
from edgeattn_runtime.processing.npz import expansion

VALUE = 64  # bytes of a value as an object of Python's, and of its place in a row


def read_parquet(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file by column, a row group at a time.

    Raises:
        SampleError: It would take more memory than ``expansion`` allows a file of its size.
    """
    with pyarrow.parquet.ParquetFile(file) as table:
        columns = [table.schema.column(i) for i in range(len(table.schema))]
        texts = [each.path for each in columns if each.physical_type == "BYTE_ARRAY"]
        metadata = table.metadata
    if (size := _size(metadata)) > (most := expansion(file.stat().st_size)):
        raise SampleError(
            f"{file}: {size / 1e6:,.0f} MB of rows found, at most {most / 1e6:,.0f} MB expected of a file of "
            "its size; split it into several"
        )
    with pyarrow.parquet.ParquetFile(file, read_dictionary=texts) as table:
        for group in range(table.num_row_groups):
            rows = table.read_row_group(group)
            values = [[each for chunk in column.chunks for each in _values(chunk)] for column in rows.columns]
            for row in zip(*values, strict=True):
                yield dict(zip(rows.column_names, row, strict=True))


def _size(metadata: Any) -> int:
    """Return about how many bytes all rows take, by what the file says of its columns."""
    groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
    columns = (group.column(i) for group in groups for i in range(group.num_columns))
    return sum(VALUE * each.num_values + each.total_uncompressed_size for each in columns)


def _values(array: Any) -> list[Any]:
    """Return an array as Python's values, those that a dictionary holds as one object each."""
    kind, types = array.type, pyarrow.types
    if types.is_dictionary(kind):
        values = array.dictionary.to_pylist()
        return [None if i is None else values[i] for i in array.indices.to_pylist()]
    if types.is_struct(kind):
        names = [kind.field(i).name for i in range(kind.num_fields)]
        rows = zip(*(_values(each) for each in array.flatten()), strict=True)
        return [
            dict(zip(names, row, strict=True)) if valid else None
            for row, valid in zip(rows, array.is_valid().to_pylist(), strict=True)
        ]
    if types.is_map(kind):
        pairs = list(zip(_values(array.keys), _values(array.items), strict=True))
        spans = zip(pairwise(array.offsets.to_pylist()), array.is_valid().to_pylist(), strict=True)
        return [pairs[begin:end] if valid else None for (begin, end), valid in spans]
    if types.is_nested(kind):  # a list, of any size or of one
        items = iter(_values(array.flatten()))
        counts = array.value_lengths().to_pylist()
        return [None if count is None else list(islice(items, count)) for count in counts]
    return array.to_pylist()  # type: ignore[no-any-return]
