"""WAV files: integers of 8 to 32 bits, or floats of 32, as samples of -1 to 1."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import InputError

_HEADER: Final = 12  # bytes: RIFF, the size of all that follows, WAVE
_INTEGERS, _FLOATS, _EXTENSIBLE = 1, 3, 0xFFFE  # formats
_FORMATS: Final = {(_INTEGERS, 8), (_INTEGERS, 16), (_INTEGERS, 24), (_INTEGERS, 32), (_FLOATS, 32)}
_REMEDY: Final = "save it as 16-bit PCM"


@dataclass(frozen=True, slots=True)
class _Format:
    kind: int
    channels: int
    rate: int
    frame: int
    bits: int

    @classmethod
    def read(cls, chunk: bytes) -> _Format:
        """Read the chunk ``fmt``; an extensible one names its format behind its first 24 bytes.

        Raises:
            InputError: It is cut, or of a format that is not read.
        """
        if len(chunk) < 16:
            raise InputError(f"a format of {len(chunk)} bytes found, at least 16 expected; {_REMEDY}")
        kind, channels, rate, _, frame, bits = struct.unpack_from("<HHIIHH", chunk)
        if kind == _EXTENSIBLE and len(chunk) >= 26:
            (kind,) = struct.unpack_from("<H", chunk, 24)
        if (kind, bits) not in _FORMATS:
            raise InputError(
                f"format {kind} of {bits} bits found, integers of 8 to 32 or floats of 32 expected; {_REMEDY}"
            )
        if not channels or not rate or frame != channels * bits // 8:
            raise InputError(
                f"{channels} channel(s) of {rate} Hz in frames of {frame} bytes found; save it again"
            )
        return cls(kind, channels, rate, frame, bits)


def read_wav(path: Path) -> tuple[int, NDArray[np.float32]]:
    """Return the samples a second and the samples, (channels, time), of -1 to 1.

    Raises:
        InputError: The file is missing, is no WAV file, is cut, or holds other than integers or float32.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; a WAV file expected")
    try:
        return _decoded(path.read_bytes())
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _decoded(data: bytes) -> tuple[int, NDArray[np.float32]]:
    if len(data) < _HEADER or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise InputError(f"no WAV file; {_REMEDY}")
    form = None
    for name, size, chunk in _chunks(data):
        if name == b"fmt ":
            form = _Format.read(chunk)
        elif name == b"data":
            if form is None:
                raise InputError("samples before their format found; save it again")
            if len(chunk) < size or size % form.frame:
                raise InputError(
                    f"{len(chunk):,} bytes of samples found, {size:,} in frames of {form.frame} told (cut?); "
                    "save it again"
                )
            return form.rate, _samples(chunk, form).reshape(-1, form.channels).T
    raise InputError("no samples found (cut?); save it again")


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield the name, the declared size and the content of each chunk; each begins at an even place."""
    at = _HEADER
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        yield name, size, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _samples(data: bytes, form: _Format) -> NDArray[np.float32]:
    if form.kind == _FLOATS:
        return np.frombuffer(data, "<f4").astype(np.float32)
    samples: NDArray[np.float32] = (_integers(data, form.bits) / 2 ** (form.bits - 1)).astype(np.float32)
    return samples


def _integers(data: bytes, bits: int) -> NDArray[np.int64]:
    if bits == 8:
        return np.frombuffer(data, np.uint8).astype(np.int64) - 2**7
    if bits == 24:  # the upper three bytes of 32 bits
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0].astype(np.int64) >> 8
    return np.frombuffer(data, f"<i{bits // 8}").astype(np.int64)
