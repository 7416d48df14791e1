"""What tasks of sounds have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.io import wavfile
from torch import Tensor, nn
from transformers import AutoFeatureExtractor

from edgeattn.source.checkpoint.from_folder import load_processor
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.tasks.task import Task

LEAST_VARIANCE = 1e-7


class SoundTask(Task):
    """Sounds as they are recorded into a graph; what the feature extractor does to them is part of it.

    Args:
        rows: With ``audio``, a WAV file.
    """

    needed: ClassVar[Sequence[str]] = ("audio",)

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows)
        self.extractor: Any = load_processor(AutoFeatureExtractor, folder)
        self.rate = int(self.extractor.sampling_rate)
        self.add_processing(audio={"input": "audio", "rate": self.rate, "channels": 1})

    def inputs(self, row: Row) -> Mapping[str, Tensor]:
        """Return a row's sound, float32 (1, time)."""
        return {"audio": read_sound(Path(row["audio"]), self.rate)}

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield the sounds' files."""
        yield from ({"audio": row["audio"]} for row in self.rows)


class SoundNetwork(nn.Module):
    """A network behind its feature extractor."""

    def __init__(self, features: nn.Module, network: nn.Module) -> None:
        super().__init__()
        self.features, self.network = features, network

    def forward(self, audio: Tensor) -> dict[str, Tensor]:
        """Score sounds, float32 (B, time), of -1 to 1."""
        return {"logits": self.network(self.features(audio)).logits}


class UnitVariance(nn.Module):
    """Sounds with zero mean and unit variance, as ``Wav2Vec2FeatureExtractor`` with ``do_normalize``."""

    def forward(self, audio: Tensor) -> Tensor:
        """Return sounds, float32 (B, time), normalized one by one."""
        mean = audio.mean(dim=-1, keepdim=True)  # (B, 1)
        variance = (audio - mean).square().mean(dim=-1, keepdim=True)  # (B, 1)
        return (audio - mean) / (variance + LEAST_VARIANCE).sqrt()


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
