"""What samples are read from, a kind of data a file.

To add one: a file here with a function that takes a path and yields rows by column, without an edgeattn
dependency; and a line in ``READERS``, or in ``FOLDERS`` where the data is a folder of files of some kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Protocol

from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn_runtime.errors import SampleError, require_extra


class Reader(Protocol):
    """Yields the rows of a file or a folder by column."""

    __name__: str

    def __call__(self, data: Path, /) -> Iterable[Row]:
        """Read it."""


# By a file's suffix: its module here, and the function in it.
READERS = {
    ".txt": ("lines", "read_lines"),
    ".csv": ("csv_table", "read_csv"),
    ".tsv": ("csv_table", "read_csv"),
    ".jsonl": ("jsonl", "read_jsonl"),
    ".parquet": ("parquet", "read_parquet"),
}
# The same by the suffix of a folder's files.
FOLDERS = {
    ".wav": ("sounds", "read_sounds"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp"), ("images", "read_images")),
}


def reader_of(data: Path) -> Reader:
    """Return what reads a file or a folder of data.

    Raises:
        SampleError: There is nothing, or nothing that can be read.
        EdgeAttnError: What reads it is not installed.
    """
    if not data.exists():
        raise SampleError(f"{data}: no such file or folder; check the path")
    if data.is_dir():
        kinds = {FOLDERS[suffix] for file in data.rglob("*") if (suffix := file.suffix.lower()) in FOLDERS}
        if len(kinds) != 1:
            raise SampleError(
                f"{data}: {'images and sounds' if kinds else 'neither'} found, a folder of images "
                f"({', '.join(sorted(FOLDERS))}) or of WAV files expected"
            )
        (name,) = kinds
    elif (suffix := data.suffix.lower()) in READERS:
        name = READERS[suffix]
    else:
        raise SampleError(
            f"{data}: {suffix or 'no suffix'} found, one of {', '.join(READERS)} or a folder expected"
        )
    module, function = name
    with require_extra("checkpoints", "pyarrow"):
        reader: Reader = getattr(import_module(f"{__name__}.{module}"), function)
    return reader
