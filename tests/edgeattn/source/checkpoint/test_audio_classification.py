from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import folders
import numpy as np
import pytest
import sample_files
import torch
import transformers
from scipy.io import wavfile

from edgeattn.source.arguments import read_source
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.processing.wav import read_wav

SORTERS: dict[Callable[[Path], Path], tuple[Any, int]] = {
    folders.sorter: (transformers.Wav2Vec2ForSequenceClassification, sample_files.RATE),
    folders.spectral_sorter: (transformers.ASTForAudioClassification, folders.WHISPER_RATE),
    folders.whispering_sorter: (transformers.WhisperForAudioClassification, folders.WHISPER_RATE),
}


@pytest.mark.parametrize("made", SORTERS, ids=lambda made: made.__name__)
def test_a_graph_answers_as_the_network_behind_its_extractor(
    made: Callable[[Path], Path], tmp_path: Path
) -> None:
    kind, rate = SORTERS[made]
    folder, data = made(tmp_path / "sorter"), sample_files.noises(tmp_path / "noises", rate=rate)
    wavfile.write(data / "low" / "silence.wav", rate, np.zeros(3000, np.int16))
    found = read_source(str(folder), data)
    audio, labels = found.processing.processing.audio, found.processing.processing.labels
    assert (audio.rate, labels.names) == (rate, ("low", "high"))
    network = kind.from_pretrained(folder)
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    samples = found.read()
    assert {int(sample.target[0]) for sample in samples} == {0, 1}
    for sample, raw in zip(samples, found.processing.raw, strict=True):
        sound = read_wav(Path(str(raw["audio"])))[1].flatten()
        outputs = folders.answer(found, sample.inputs)
        with torch.inference_mode():
            expected = network(**extractor(sound, sampling_rate=rate, return_tensors="pt")).logits
        torch.testing.assert_close(outputs["logits"], expected, rtol=1e-3, atol=1e-4)
        assert found.metric(outputs, sample.target) in (0, 1)
    assert found.pretty({"logits": torch.tensor([[0.0, 9.0]])}) == "high (100 %)"


@pytest.mark.parametrize(
    ("made", "length", "named"),
    [
        (folders.spectral_sorter, 399, "399 samples found, 400 or more expected"),
        (folders.whispering_sorter, 16001, "16,001 samples found, 1 to 16,000 expected"),
    ],
)
def test_a_sound_of_a_wrong_length_is_named(
    made: Callable[[Path], Path], length: int, named: str, tmp_path: Path
) -> None:
    wavfile.write(tmp_path / "0.wav", folders.WHISPER_RATE, np.zeros(length, np.int16))
    folder = made(tmp_path / "sorter")
    with pytest.raises(BadInput, match=rf"0\.wav: {named}"):
        read_source(str(folder), tmp_path)


def test_an_extractor_that_has_no_layers_is_named(tmp_path: Path) -> None:
    folder, data = folders.sorter(tmp_path / "sorter"), sample_files.noises(tmp_path / "noises")
    transformers.SeamlessM4TFeatureExtractor().save_pretrained(folder)
    with pytest.raises(BadInput, match=r"SeamlessM4TFeatureExtractor found, one of Wav2Vec2Fea.* model file"):
        read_source(str(folder), data)
