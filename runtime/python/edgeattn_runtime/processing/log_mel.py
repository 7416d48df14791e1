"""Log-mel features of sound: log energies of bands evenly spaced in mel, several frames a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edgeattn_runtime.errors import InputError
from edgeattn_runtime.fields import Field, Record, integer
from edgeattn_runtime.limits import BANDS, FRAME, FRAMES, TOKEN

Floats = NDArray[np.float64]

_AT_ONCE = 2**22  # samples of frames that are transformed together: each stands in as many as look at it


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMel(Record):
    """How sound becomes tokens.

    Attributes:
        frame: Samples that a frame looks at.
        hop: Samples from a frame to the next.
        bands: Energies of a frame.
        stack: Frames of a token.
        floor: Is added to each energy: what is quieter is silence.
    """

    frame: Annotated[int, integer(2, FRAME)]
    hop: Annotated[int, integer(1, TOKEN)]
    bands: Annotated[int, integer(1, BANDS)]
    stack: Annotated[int, integer(1, TOKEN)]
    floor: Annotated[float, Field.above_zero]

    def __str__(self) -> str:
        return f"log-mel features of {self.bands} bands each {self.hop} samples, {self.stack} a token"

    def check_values(self, values: Mapping[str, Field]) -> None:
        """Check how many samples a token looks at, and how many frames at a sample."""
        if self.frame > FRAMES * self.hop:
            raise values["hop"].refusal(f"at least {-(-self.frame // FRAMES)} with frames of {self.frame:,}")
        if (self.stack - 1) * self.hop + self.frame > TOKEN:
            raise values["stack"].refusal(f"tokens of at most {TOKEN:,} samples")

    @property
    def size(self) -> int:
        """How many numbers a token has."""
        return self.bands * self.stack

    def tokens(self, name: str, samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        """Return the tokens (tokens, size), of mean 0 and deviation 1, of samples (time,) of -1 to 1.

        Zeros fill the last token up; ``name`` is the sound's, for messages.

        Raises:
            InputError: It is shorter than a frame without its hop, or silent throughout.
        """
        least = self.frame - self.hop + 1
        if len(samples) < max(least, 1):
            raise InputError(f"{name}: {len(samples)} samples found, at least {max(least, 1)} expected")
        tokens = max(-(-(len(samples) + self.hop - self.frame) // (self.hop * self.stack)), 1)
        frames = tokens * self.stack
        whole = np.zeros((frames - 1) * self.hop + self.frame)
        whole[: len(samples)] = samples[: len(whole)]
        windows = sliding_window_view(whole, self.frame)[:: self.hop]  # (frames, frame)
        bank = _bank(self.frame // 2 + 1, self.bands, rate)
        step = max(1, _AT_ONCE // self.frame)
        energies = [_power(windows[at : at + step]) @ bank for at in range(0, frames, step)]
        bands = np.log(np.concatenate(energies) + self.floor)
        if bands.min() == bands.max():
            raise InputError(f"{name}: silence found, a sound expected; record it again")
        even: Floats = (bands - bands.mean()) / bands.std(ddof=1)
        return even.astype(np.float32).reshape(tokens, self.size)


def _power(windows: Floats) -> Floats:
    """Return the power of each bin, (frames, bins), of frames, (frames, frame), in a periodic Hann window."""
    frame = windows.shape[1]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    power: Floats = np.abs(np.fft.rfft(windows * hann)) ** 2
    return power


@lru_cache(maxsize=8)
def _bank(bins: int, bands: int, rate: int) -> Floats:
    """Return triangles evenly spaced in mel that gather bins of energy, (bins, bands)."""
    places = 2595 * np.log10(1 + np.linspace(0, rate / 2, bins) / 700)  # (bins,)
    step = places[-1] / (bands + 1)
    triangles: Floats = 1 - np.abs(places[:, np.newaxis] / step - np.arange(1, bands + 1))
    return triangles.clip(0)
