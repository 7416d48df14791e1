"""Audio classification: a sound becomes one of the checkpoint's labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoFeatureExtractor

from edgeattn.source.checkpoint.kaldi_log_mel import FRAME, KaldiLogMel
from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.metrics.accuracy import accuracy
from edgeattn.source.checkpoint.processor import load_processor
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.slaney_log_mel import SlaneyLogMel
from edgeattn.source.checkpoint.sound import read_sound
from edgeattn.source.checkpoint.tasks.task import Task
from edgeattn.source.checkpoint.transformers_folder import load_network
from edgeattn.source.checkpoint.unit_variance import UnitVariance

EXTRACTORS = ("Wav2Vec2FeatureExtractor", "ASTFeatureExtractor", "WhisperFeatureExtractor")


class AudioClassification(Task):
    """A classifier of sounds: ``logits`` (B, labels) of a sound as it is recorded.

    What the feature extractor does to a sound becomes part of the graph. Whisper's encoder takes sounds of
    one length: silence follows a shorter one.

    Args:
        folder: The checkpoint.
        rows: ``audio``, and where there is any ``label``, a name or a number.
    """

    needed = ("audio",)
    optional = ("label",)

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows)
        extractor = load_processor(AutoFeatureExtractor, folder)
        self.rate, self.labels = int(extractor.sampling_rate), Labels.of(folder)
        features, self.shortest, self.length = _features(extractor)
        self.network = SoundClassifier(features, load_network(folder))
        self.dynamic = {"audio": ("batch", "time" if self.length is None else None)}
        if self.has("label"):
            self.metric = accuracy
        self.add_processing(
            audio={"input": "audio", "rate": self.rate, "channels": 1},
            labels={"output": "logits", "names": self.labels.names},
            prediction=Labels.prediction(folder),
        )

    def samples(self) -> Iterator[object]:
        """Yield each sound, float32 (1, time), and its label where there is one, int64 (1,)."""
        for i, row in enumerate(self.rows):
            inputs = {"audio": self._sound(Path(row["audio"]))}
            yield (inputs, torch.tensor([self.labels.place(i, row["label"])])) if "label" in row else inputs

    def _sound(self, file: Path) -> Tensor:
        sound = read_sound(file, self.rate)
        time = sound.shape[1]
        if not self.shortest <= time <= (self.length or time):
            limits = f"{self.shortest:,} to {self.length:,}" if self.length else f"{self.shortest:,} or more"
            raise ValueError(
                f"{file.name}: {time:,} samples found, {limits} expected; leave it out or cut it"
            )
        return nn.functional.pad(sound, (0, (self.length or time) - time))

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield the sounds' files."""
        yield from ({"audio": row["audio"]} for row in self.rows)

    def pretty(self, outputs: Mapping[str, Tensor]) -> str:
        """Say the label and how sure it is, such as "yes (98 %)"."""
        return self.labels.pretty(outputs["logits"][0])


class SoundClassifier(nn.Module):
    """A network behind its feature extractor."""

    def __init__(self, features: nn.Module, network: nn.Module) -> None:
        super().__init__()
        self.features, self.network = features, network

    def forward(self, audio: Tensor) -> dict[str, Tensor]:
        """Classify sounds, float32 (B, time), of -1 to 1."""
        return {"logits": self.network(self.features(audio)).logits}


def _features(extractor: Any) -> tuple[nn.Module, int, int | None]:
    """Return a feature extractor in layers, the fewest samples that it takes, and the only length, if any."""
    kind = type(extractor).__name__
    if kind == "Wav2Vec2FeatureExtractor":
        return UnitVariance() if extractor.do_normalize else nn.Identity(), 1, None
    if kind == "ASTFeatureExtractor":
        return KaldiLogMel(extractor), FRAME, None
    if kind == "WhisperFeatureExtractor":
        return SlaneyLogMel(extractor), 1, int(extractor.n_samples)
    raise ValueError(f"{kind} found, one of {', '.join(EXTRACTORS)} expected; write a model file")
