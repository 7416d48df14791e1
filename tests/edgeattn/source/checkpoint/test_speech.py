from __future__ import annotations

from pathlib import Path

import folders
import numpy as np
import pytest
import torch
import transformers

from edgeattn.source.arguments import read_source
from edgeattn.source.module import ModuleSource
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.processing.wav import read_wav

pytest.importorskip("jiwer")


def test_a_sound_is_taken_as_it_is_recorded(tmp_path: Path) -> None:
    folder, data = folders.listener(tmp_path / "listener"), folders.sounds(tmp_path / "sounds")
    found = read_source(str(folder), data)
    assert isinstance(found, ModuleSource)
    assert found.processing is not None
    audio, labels = found.processing.processing.audio, found.processing.processing.labels
    assert audio is not None
    assert (audio.input, audio.rate, audio.channels, audio.log_mel) == ("audio", folders.RATE, 1, None)
    assert labels is not None
    assert labels.names[4:6] == ("|", "E")
    network = transformers.Wav2Vec2ForCTC.from_pretrained(folder)
    extractor = transformers.Wav2Vec2FeatureExtractor.from_pretrained(folder)
    for sample, raw in zip(found.read(), found.processing.raw, strict=True):
        rate, samples = read_wav(Path(str(raw["audio"])))
        np.testing.assert_array_equal(sample.inputs["audio"], np.atleast_2d(samples))
        features = extractor(samples.flatten(), sampling_rate=rate, return_tensors="pt")
        with torch.inference_mode():
            outputs = found.module(torch.from_numpy(sample.inputs["audio"]))
            expected = network(**features).logits
        torch.testing.assert_close(outputs["logits"], expected, rtol=1e-4, atol=1e-5)
        assert found.metric is not None
        assert found.metric(outputs, sample.target) <= 1
    spelled = torch.eye(10)[[8, 8, 0, 9, 7, 4, 7, 6, 5]][None] * 9
    assert found.metric({"logits": spelled}, "TWO ONE") == 1
    assert found.metric({"logits": spelled}, "TWO TWO") == 0.5


def test_another_rate_is_named(tmp_path: Path) -> None:
    folder, data = folders.listener(tmp_path / "listener"), folders.sounds(tmp_path / "sounds")
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=16000).save_pretrained(folder)
    with pytest.raises(BadInput, match=r"0\.wav: 2000 Hz found, 16000 expected"):
        read_source(str(folder), data)
