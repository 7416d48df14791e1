"""A WAV file's samples are the same in Python and C++, to the bit, or refused by both."""

from __future__ import annotations

import atheris
from agreement import agreed
from fuzzing import fuzz, scratch_file

with atheris.instrument_imports(include=["edgeattn_runtime"]):
    from edgeattn_runtime.errors import BadInput
    from edgeattn_runtime.processing.wav import read_wav

FILE = scratch_file("x.wav")


def samples_of(content: bytes) -> bytes:
    FILE.write_bytes(content)
    return read_wav(FILE)[1].tobytes()


def read(content: bytes) -> None:
    agreed("wav", lambda: samples_of(content), content)


fuzz(read, BadInput)
