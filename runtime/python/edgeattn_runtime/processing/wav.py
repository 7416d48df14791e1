"""WAV files of integers: their rate, and their samples as floats."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import InputError

_HALF_RANGE = {1: 2**7, 2: 2**15, 3: 2**23, 4: 2**31}  # by bytes a sample


def read_wav(path: Path) -> tuple[int, NDArray[np.float32]]:
    """Return the samples a second and the samples, (channels, time), of -1 to 1.

    Raises:
        InputError: The file is missing, is no WAV file, is cut, or holds other than integers.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; a WAV file expected")
    try:
        with wave.open(str(path), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            frames, data = file.getnframes(), file.readframes(file.getnframes())
    except (wave.Error, EOFError, OSError, RuntimeError) as error:  # the last: a chunk ends beyond the file
        raise InputError(f"{path}: no WAV file of integers ({error}); save it as 16-bit PCM") from error
    if width not in _HALF_RANGE or len(data) != frames * channels * width:
        raise InputError(
            f"{path}: {len(data):,} bytes of samples found, {frames:,} frames told; save it again"
        )
    integers = _integers(data, width).reshape(-1, channels).T
    return rate, (integers / _HALF_RANGE[width]).astype(np.float32)


def _integers(data: bytes, width: int) -> NDArray[np.int64]:
    if width == 1:
        return np.frombuffer(data, np.uint8).astype(np.int64) - 2**7
    if width == 3:  # the upper three bytes of 32 bits
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0].astype(np.int64) >> 8
    return np.frombuffer(data, f"<i{width}").astype(np.int64)
