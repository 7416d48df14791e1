"""The error of an answer: the power of its noise over the signal's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CEILING_DB = 150.0  # beyond what float32 can distinguish from no noise: 20 log10(2^24) is 144


@dataclass(frozen=True, slots=True)
class Noise:
    """Energies, which add up over samples: of the difference, and of what was expected."""

    noise: float
    signal: float

    @classmethod
    def between(cls, expected: NDArray[Any], actual: NDArray[Any]) -> Noise:
        """Compare two arrays of the same dims.

        What PyTorch itself does not answer with a number is left out; what is no number although PyTorch's is
        one counts as lost, that is as 0.
        """
        defined = np.isfinite(expected)
        a = expected[defined].astype(np.float64)
        b = np.nan_to_num(actual[defined].astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        return cls(float(np.square(a - b).sum()), float(np.square(a).sum()))

    @classmethod
    def sum(cls, parts: Iterable[Noise]) -> Noise:
        """Return the noise of several samples together."""
        noises = list(parts)
        return cls(math.fsum(part.noise for part in noises), math.fsum(part.signal for part in noises))

    @property
    def error(self) -> float:
        """The relative error, 10^(-SNR / 20): 0 where nothing differs, 1 where the noise is as loud."""
        if not self.noise:
            return 0.0
        return math.sqrt(self.noise / self.signal) if self.signal else 1.0


def relative_error(expected: NDArray[Any], actual: NDArray[Any]) -> float:
    """Return the relative error of one array."""
    return Noise.between(expected, actual).error


def snr_db(signal: NDArray[np.float64], answer: NDArray[np.float64]) -> float:
    """Return 10 log10 of the power of a signal over the power of an answer's noise, in dB.

    It lies within ``CEILING_DB`` of 0 on either side; a NaN or infinity that only one holds is only noise.
    """
    finite = np.isfinite(signal) & np.isfinite(answer)
    if not np.array_equal(signal[~finite], answer[~finite], equal_nan=True):
        return -CEILING_DB
    noise = float(np.square(signal[finite] - answer[finite]).sum())
    power = float(np.square(signal[finite]).sum())
    if noise == 0:
        return CEILING_DB
    if power == 0:
        return -CEILING_DB
    return min(max(10 * math.log10(power / noise), -CEILING_DB), CEILING_DB)
