from __future__ import annotations

from pathlib import Path

import folders
import numpy as np
import pytest
import sample_files
import torch
import transformers
from scipy.io import wavfile

from edgeattn.source.arguments import read_source
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.processing.prediction import Given
from edgeattn_runtime.processing.transcript import Transcript
from edgeattn_runtime.processing.wav import read_wav

pytest.importorskip("jiwer")


def test_a_sound_is_taken_as_it_is_recorded(tmp_path: Path) -> None:
    folder, data = folders.listener(tmp_path / "listener"), sample_files.sounds(tmp_path / "sounds")
    found = read_source(str(folder), data)
    audio, labels = found.processing.processing.audio, found.processing.processing.labels
    assert (audio.input, audio.rate, audio.channels, audio.log_mel) == ("audio", sample_files.RATE, 1, None)
    assert labels.names[4:6] == ("|", "E")
    prediction = found.processing.processing.prediction
    assert prediction == Transcript(blank=0, delimiter=4)
    network = transformers.Wav2Vec2ForCTC.from_pretrained(folder)
    extractor = transformers.Wav2Vec2FeatureExtractor.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for sample, raw in zip(found.read(), found.processing.raw, strict=True):
        rate, samples = read_wav(Path(str(raw["audio"])))
        np.testing.assert_array_equal(sample.inputs["audio"], np.atleast_2d(samples))
        features = extractor(samples.flatten(), sampling_rate=rate, return_tensors="pt")
        outputs = folders.answer(found, sample.inputs)
        with torch.inference_mode():
            expected = network(**features).logits
        torch.testing.assert_close(outputs["logits"], expected, rtol=1e-4, atol=1e-5)
        assert found.metric(outputs, sample.target) <= 1
        ((heard,),) = prediction.read(labels, {"logits": outputs["logits"].numpy()}, Given())
        assert heard.text == tokenizer.batch_decode(outputs["logits"].argmax(dim=-1))[0]
    spelled = torch.eye(10)[[8, 8, 0, 9, 7, 4, 7, 6, 5]][None] * 9
    assert found.metric({"logits": spelled}, "TWO ONE") == 1
    assert found.metric({"logits": spelled}, "TWO TWO") == 0.5


def test_another_rate_is_named(tmp_path: Path) -> None:
    folder, data = folders.listener(tmp_path / "listener"), sample_files.sounds(tmp_path / "sounds")
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=16000).save_pretrained(folder)
    with pytest.raises(BadInput, match=r"0\.wav: 2000 Hz found, 16000 expected"):
        read_source(str(folder), data)


@pytest.fixture
def transcriber(tmp_path: Path) -> Path:
    return folders.transcriber(tmp_path / "transcriber")


@pytest.mark.filterwarnings("ignore:generation settings that no bundle follows")
def test_whisper_takes_sound(tmp_path: Path, transcriber: Path) -> None:
    data = sample_files.sounds(tmp_path / "sounds", rate=folders.WHISPER_RATE)
    found = read_source(str(transcriber), data)
    assert (found.generation.start, found.generation.stop) == ((257, 258, 260, 264), (256,))
    audio, text = found.processing.processing.audio, found.processing.processing.text
    assert (audio.input, audio.rate, text.ids) == ("audio", folders.WHISPER_RATE, "decoder_input_ids")
    network = transformers.WhisperForConditionalGeneration.from_pretrained(transcriber)
    extractor = transformers.AutoFeatureExtractor.from_pretrained(transcriber)
    for sample, raw in zip(found.read(), found.processing.raw, strict=True):
        rate, samples = read_wav(Path(str(raw["audio"])))
        sound, said = (torch.from_numpy(sample.inputs[name]) for name in ("audio", "decoder_input_ids"))
        np.testing.assert_array_equal(sound[0, : samples.size], samples.flatten())
        assert not sound[0, samples.size :].any()
        features = extractor(samples.flatten(), sampling_rate=rate, return_tensors="pt")
        with torch.inference_mode():
            outputs = found.module(sound, said)
            expected = network(**features, decoder_input_ids=said).logits
        torch.testing.assert_close(outputs["logits"], expected, rtol=1e-4, atol=1e-5)
        assert found.metric(outputs, sample.target) <= 1
        right = torch.nn.functional.one_hot(sample.target.clamp(min=0), expected.shape[-1]).float()
        assert found.metric({"logits": right}, sample.target) == 1


@pytest.mark.filterwarnings("ignore:.*generation settings")
def test_a_language_that_whisper_would_guess_is_asked_for(tmp_path: Path, transcriber: Path) -> None:
    (transcriber / "generation_config.json").write_text('{"is_multilingual": true}', "utf-8")
    with pytest.warns(UserWarning, match=r"generation_config\.json: no language found"):
        read_source(str(transcriber), sample_files.sounds(tmp_path / "sounds", rate=folders.WHISPER_RATE))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_sound_beyond_whisper_s_length_is_named(tmp_path: Path, transcriber: Path) -> None:
    data = sample_files.sounds(tmp_path / "sounds", 1, folders.WHISPER_RATE)
    wavfile.write(data / "0.wav", folders.WHISPER_RATE, np.zeros(20000, np.int16))
    with pytest.raises(BadInput, match=r"0\.wav: 1\.2 s found, at most 1 s expected"):
        read_source(str(transcriber), data)
    wavfile.write(data / "0.wav", folders.WHISPER_RATE, np.zeros(folders.WHISPER_RATE, np.int16))
    read_source(str(transcriber), data)


def test_a_feature_extractor_may_be_saved_with_others(tmp_path: Path) -> None:
    folder = folders.together(folders.listener(tmp_path / "listener"))
    assert len(read_source(str(folder), sample_files.sounds(tmp_path / "sounds")).read()) == 12
