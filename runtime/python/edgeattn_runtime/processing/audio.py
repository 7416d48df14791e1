"""Audio: its entry in the manifest, and how a WAV file or a sound becomes an input."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.fields import Field, Positive, Record, integer
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.limits import RATE, SAMPLES
from edgeattn_runtime.processing.log_mel import LogMel
from edgeattn_runtime.processing.tensors import check_kind, check_size, find_tensor
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
class Audio(Record):
    """How sound becomes an input: ``rate`` samples a second of -1 to 1, in so many channels.

    Attributes:
        log_mel: What the input holds in place of the samples, of one channel; None for these.
    """

    input: str
    rate: Annotated[int, integer(1, RATE)]
    channels: Positive
    log_mel: LogMel | None = None

    def __str__(self) -> str:
        features = "" if self.log_mel is None else f"; {self.log_mel}"
        return f"audio of {self.rate} Hz, {self.channels} channel(s), into {self.input}{features}"

    def check_values(self, values: Mapping[str, Field]) -> None:
        """Check that features are of one channel."""
        if self.log_mel is not None and self.channels != 1:
            raise values["channels"].refusal("1 channel for log-mel features")

    def check(self, inputs: Mapping[str, Tensor]) -> None:
        """Check that its input is there, float32, of one channel, several channels or features."""
        tensor = find_tensor("audio.input", self.input, inputs)
        if self.log_mel is not None:
            check_kind("audio.input", tensor, ("float32",), 3)
            if tensor.dims[2] != self.log_mel.size:
                raise BundleError(
                    f"processing.audio.log_mel: {self.log_mel.size} numbers a token found, {tensor}"
                )
            return
        if self.channels == 1 and len(tensor.dims) == 2:
            check_kind("audio.input", tensor, ("float32",), 2)
        else:
            check_kind("audio.input", tensor, ("float32",), 3)
            check_size("audio.channels", self.channels, tensor, 1)
        samples = tensor.dims[-1]
        if isinstance(samples, int) and self.channels * samples > SAMPLES:
            raise BundleError(
                f"processing.audio: {self.channels:,} x {samples:,} samples found, at most {SAMPLES:,} "
                "expected"
            )


def prepare_audio(audio: Audio, tensor: Tensor, sources: Sequence[object]) -> NDArray[np.float32]:
    """Return sounds as an input takes them: float32, (N, time), (N, channels, time) or (N, tokens, features).

    Sources are the paths of WAV files, Sounds, or dicts of a ``rate`` and ``samples``. Where the input's time
    is a size, silence fills up what is shorter.

    Raises:
        InputError: One is no sound, of another rate or number of channels, without a sample, or with one that
            is not finite or beyond -1 to 1; longer than the input; or they differ in length.
    """
    named_sounds = [_read_sound(source) for source in sources]
    sounds = [_checked(audio, name, sound) for name, sound in named_sounds]
    if audio.log_mel is not None:
        rows = [
            audio.log_mel.tokens(name, samples[0], audio.rate)
            for (name, _), samples in zip(named_sounds, sounds, strict=True)
        ]
        return _padded(rows)
    time = tensor.dims[-1]
    if isinstance(time, int):
        sounds = [
            _filled(name, samples, time) for (name, _), samples in zip(named_sounds, sounds, strict=True)
        ]
    lengths = {sound.shape[1] for sound in sounds}
    if len(lengths) > 1:
        raise InputError(
            f"audio: sounds of {min(lengths):,} to {max(lengths):,} samples found, one length expected; "
            "prepare them one by one"
        )
    stacked = np.stack(sounds)  # (N, channels, time)
    return stacked if len(tensor.dims) == 3 else stacked[:, 0]


def _filled(name: str, samples: NDArray[np.float32], time: int) -> NDArray[np.float32]:
    """Return samples (channels, time) with silence at their end, as many as the input takes."""
    length = samples.shape[1]
    if length > time:
        raise InputError(
            f"{name}: {length:,} samples found, {time:,} at most expected; cut it, or move a window over it"
        )
    with refusing(InputError, name, f"cannot be filled up to {time:,} samples", "export again"):
        return np.pad(samples, ((0, 0), (0, time - length)))


def _padded(rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return rows of tokens, each (tokens, features), as one batch with zeros after the shorter ones."""
    batch = np.zeros((len(rows), max(map(len, rows)), rows[0].shape[1]), np.float32)
    for place, row in zip(batch, rows, strict=True):
        place[: len(row)] = row
    return batch


def _read_sound(source: object) -> tuple[str, Sound]:
    if isinstance(source, str | os.PathLike):
        return str(source), Sound(*read_wav(Path(source)))
    if isinstance(source, Sound):
        return "audio", source
    if isinstance(source, Mapping) and source.keys() == {"rate", "samples"}:
        return "audio", Sound(**source)
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
