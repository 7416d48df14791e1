"""The numbers of a CSV file are the same in Python and C++, to the bit, or refused by both."""

from __future__ import annotations

import atheris
import numpy as np
from agreement import agreed
from fuzzing import fuzz, scratch_file
from seeds import SERIES

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.errors import BadInput, InputError
    from edgeattn_runtime.processing.series import read_columns

FILE = scratch_file("x.csv")


def numbers_of(content: bytes) -> bytes:
    FILE.write_bytes(content)
    columns = read_columns(FILE, SERIES)
    if np.isinf(columns).any():
        raise InputError("a number beyond all")  # as prepare_series has it
    return np.ascontiguousarray(columns).tobytes()


def read(content: bytes) -> None:
    agreed("csv", lambda: numbers_of(content), content, *(name.encode() for name in SERIES))


fuzz(read, BadInput)
