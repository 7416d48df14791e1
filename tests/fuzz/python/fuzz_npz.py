"""The arrays of an .npz file are read, or refused with an InputError."""

from __future__ import annotations

import atheris
import numpy  # noqa: F401 - before what is instrumented: that of all of it takes a minute
from fuzzing import fuzz, scratch_file

with atheris.instrument_imports(include=["edgeattn_runtime", "zipfile"]):
    from edgeattn_runtime.errors import InputError
    from edgeattn_runtime.processing.npz import read_npz

FILE = scratch_file("x.npz")


def read(content: bytes) -> None:
    FILE.write_bytes(content)
    read_npz(FILE)


fuzz(read, InputError)
