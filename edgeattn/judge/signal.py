"""The signal-to-noise ratio: how strong the original's answer is beside what int8 differs by."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

CEILING_DB = 150.0  # beyond what float32 can tell from no noise at all: 20 log10(2^24) is 144


def snr_db(signal: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    """Return 10 log10 of the power of a signal over that of the noise in what was found, in dB.

    It lies within ``CEILING_DB`` of 0 on either side; a NaN or infinity that only one holds is noise alone.

    Args:
        signal: What is right, of any shape.
        found: Of the same shape.
    """
    finite = np.isfinite(signal) & np.isfinite(found)
    if not np.array_equal(signal[~finite], found[~finite], equal_nan=True):
        return -CEILING_DB
    noise = float(np.square(signal[finite] - found[finite]).sum())
    power = float(np.square(signal[finite]).sum())
    if noise == 0:
        return CEILING_DB
    if power == 0:
        return -CEILING_DB
    return min(max(10 * math.log10(power / noise), -CEILING_DB), CEILING_DB)
