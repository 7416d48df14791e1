"""A CSV file's series are read, or refused with an InputError."""

from __future__ import annotations

import atheris
from fuzzing import fuzz, scratch_file
from seeds import SERIES

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.errors import InputError
    from edgeattn_runtime.processing.series import read_columns

FILE = scratch_file("x.csv")


def read(content: bytes) -> None:
    FILE.write_bytes(content)
    read_columns(FILE, SERIES)


fuzz(read, InputError)
