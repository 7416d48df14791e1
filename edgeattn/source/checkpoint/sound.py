"""Sounds of WAV files, as a bundle reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy.io import wavfile
from torch import Tensor


def read_sound(file: Path, rate: int) -> Tensor:
    """Return the samples of a sound, float32 (1, time), of -1 to 1.

    Args:
        file: A WAV file of one channel.
        rate: Samples a second that the network takes.

    Raises:
        ValueError: It has another rate, or several channels.
    """
    rate_of_file, samples = wavfile.read(file)
    if rate_of_file != rate:
        raise ValueError(f"{file.name}: {rate_of_file} Hz found, {rate} expected; resample it first")
    if samples.ndim != 1:
        raise ValueError(f"{file.name}: {samples.shape[1]} channels found, 1 expected; mix it first")
    if samples.dtype == np.uint8:
        floats = (samples.astype(np.float32) - 128) / 128
    elif samples.dtype.kind == "i":
        floats = samples / np.float64(2 ** (8 * samples.itemsize - 1))
    else:
        floats = samples
    return torch.from_numpy(np.ascontiguousarray(floats, np.float32))[None]
