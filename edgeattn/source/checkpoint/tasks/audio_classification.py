"""Audio classification: a sound becomes one of the checkpoint's labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from edgeattn.source.checkpoint.kaldi_log_mel import FRAME, KaldiLogMel
from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.slaney_log_mel import SlaneyLogMel
from edgeattn.source.checkpoint.tasks.classifier import Classifier
from edgeattn.source.checkpoint.tasks.sound_task import SoundNetwork, SoundTask, UnitVariance
from edgeattn.source.checkpoint.transformers_folder import load_network

EXTRACTORS = ("Wav2Vec2FeatureExtractor", "ASTFeatureExtractor", "WhisperFeatureExtractor")


class AudioClassification(Classifier, SoundTask):
    """A classifier of sounds: ``logits`` (B, labels) of a sound as it is recorded.

    Whisper's encoder takes sounds of one length: silence follows a shorter one.

    Args:
        rows: ``audio``, and where there is any ``label``, a name or a number.
    """

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        super().__init__(folder, rows)
        features, self.shortest, self.length = _features(self.extractor)
        self.network = SoundNetwork(features, load_network(folder))
        self.dynamic = {"audio": ("batch", "time" if self.length is None else None)}
        self.classify(Labels.of(folder))

    def inputs(self, row: Row) -> Mapping[str, Tensor]:
        """Return a row's sound, float32 (1, time), of a length that the network takes."""
        sound = super().inputs(row)["audio"]
        time = sound.shape[1]
        if not self.shortest <= time <= (self.length or time):
            limits = f"{self.shortest:,} to {self.length:,}" if self.length else f"{self.shortest:,} or more"
            name = Path(row["audio"]).name
            raise ValueError(f"{name}: {time:,} samples found, {limits} expected; leave it out or cut it")
        return {"audio": nn.functional.pad(sound, (0, (self.length or time) - time))}


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
