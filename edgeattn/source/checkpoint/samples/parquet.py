"""Parquet, by pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet


def read_parquet(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file by column, some thousand at a time."""
    with pyarrow.parquet.ParquetFile(file) as table:
        for batch in table.iter_batches():
            yield from batch.to_pylist()
