"""Audio: what the manifest says of it, and how a sound becomes an input."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import InputError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.naming import check_kind, named
from edgeattn_runtime.processing.wav import read_wav


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound.

    Attributes:
        rate: Samples a second.
        samples: Floats of -1 to 1, (time,) or (channels, time).
    """

    rate: int
    samples: NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """How sound becomes an input: ``rate`` samples a second of -1 to 1, in so many channels."""

    input: str
    rate: int
    channels: int

    def __str__(self) -> str:
        return f"audio of {self.rate} Hz, {self.channels} channel(s), into {self.input}"

    @classmethod
    def from_field(cls, field: Field) -> Audio:
        """Read the manifest's ``processing.audio``."""
        fields = field.record(*cls.__dataclass_fields__)
        return cls(
            input=fields["input"].text(),
            rate=fields["rate"].integer(1),
            channels=fields["channels"].integer(1),
        )

    def check(self, inputs: Mapping[str, Tensor]) -> None:
        """Check that its input is there, float32, with a dim of channels or of one channel alone."""
        tensor = named("audio.input", self.input, inputs)
        if self.channels == 1 and len(tensor.dims) == 2:
            check_kind("audio.input", tensor, ("float32",), 2)
        else:
            check_kind("audio.input", tensor, ("float32",), 3)


def prepare_audio(audio: Audio, dims: int, sources: Sequence[object]) -> NDArray[np.float32]:
    """Return sounds as an input takes them: float32, (N, time) or (N, channels, time).

    Args:
        audio: What the manifest says.
        dims: How many dims the input has.
        sources: The paths of WAV files, or Sounds.

    Raises:
        InputError: One is no sound, of another rate or number of channels, without a sample, or with one that
            is not finite or beyond -1 to 1; or they differ in length.
    """
    sounds = [_checked(audio, *_named(source)) for source in sources]
    lengths = {sound.shape[1] for sound in sounds}
    if len(lengths) > 1:
        raise InputError(
            f"audio: sounds of {min(lengths):,} to {max(lengths):,} samples found, one length expected; "
            "prepare them one by one"
        )
    stacked = np.stack(sounds)  # (N, channels, time)
    return stacked if dims == 3 else stacked[:, 0]


def _named(source: object) -> tuple[str, Sound]:
    if isinstance(source, str | os.PathLike):
        return str(source), Sound(*read_wav(Path(source)))
    if isinstance(source, Sound):
        return "audio", source
    raise InputError(f"audio: {type(source).__name__} found, the path of a WAV file or a Sound expected")


def _checked(audio: Audio, name: str, sound: Sound) -> NDArray[np.float32]:
    """Return the samples (channels, time) of a sound that is what the manifest says."""
    if sound.rate != audio.rate:
        raise InputError(f"{name}: {sound.rate} Hz found, {audio.rate} expected; resample it first")
    samples = np.asarray(sound.samples)
    if samples.dtype.kind != "f" or samples.ndim not in (1, 2):
        raise InputError(
            f"{name}: {samples.dtype} {list(samples.shape)} found, floats of [time] or [channels, time] "
            "expected"
        )
    samples = np.atleast_2d(samples).astype(np.float32)
    channels, time = samples.shape
    if channels != audio.channels:
        raise InputError(f"{name}: {channels} channel(s) found, {audio.channels} expected; mix it first")
    if not time:
        raise InputError(f"{name}: no sample found, at least one expected")
    if not np.all(np.abs(samples) <= 1):
        raise InputError(f"{name}: samples beyond -1 to 1 found, or none of numbers; scale it first")
    return samples
