from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from draws import drawn_seed

from edgeattn_runtime import BundleError, InputError, Sound, load
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.audio import Audio, prepare_audio
from edgeattn_runtime.processing.log_mel import LogMel
from edgeattn_runtime.processing.wav import read_wav

MONO = Audio(input="wave", rate=16000, channels=1)
ANY = Tensor("wave", "float32", ("batch", "time"))
CHANNELS = Tensor("wave", "float32", ("batch", "channels", "time"))
SAMPLES = np.array([0, 0.5, -1, 1], np.float32)


def test_an_input_of_one_channel_may_lack_its_dim() -> None:
    assert prepare_audio(MONO, ANY, [Sound(16000, SAMPLES)]).tolist() == [SAMPLES.tolist()]
    assert prepare_audio(MONO, CHANNELS, [Sound(16000, SAMPLES)]).tolist() == [[SAMPLES.tolist()]]


def test_silence_fills_an_input_of_one_size() -> None:
    sized = {time: Tensor("wave", "float32", ("batch", time)) for time in (3, 4, 6)}
    sound = Sound(16000, SAMPLES)
    assert prepare_audio(MONO, sized[4], [sound]).tolist() == [SAMPLES.tolist()]
    assert prepare_audio(MONO, sized[6], [sound]).tolist() == [[*SAMPLES.tolist(), 0, 0]]
    with pytest.raises(InputError, match="4 samples found, 3 at most expected"):
        prepare_audio(MONO, sized[3], [sound])


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        (Sound(44100, SAMPLES), "44100 Hz .*16000 "),
        (Sound(16000, np.stack([SAMPLES] * 2)), r"2 channel\(s\) .*1 "),
        (Sound(16000, SAMPLES[:0]), "no sample "),
        (Sound(16000, np.append(SAMPLES, np.nan)), "-1 to 1"),
        (Sound(16000, np.append(SAMPLES, np.inf)), "-1 to 1"),
        (Sound(16000, SAMPLES * 1.01), "-1 to 1"),
        (Sound(16000, np.array([1, 2], np.int16)), r"int16 \[2\]"),
        (Sound(16000, SAMPLES.reshape(1, 1, 4)), r"\[1, 1, 4\]"),
        (SAMPLES, "ndarray"),
        ("none.wav", r"none\.wav: "),
    ],
)
def test_what_is_refused(source: object, pattern: str) -> None:
    with pytest.raises(InputError, match=pattern):
        prepare_audio(MONO, ANY, [source])


def test_a_file_that_is_refused_is_named(tmp_path: Path) -> None:
    path = tmp_path / "s.wav"
    path.write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"s\.wav: no WAV file"):
        read_wav(path)


TABLE = {
    "input": "sound",
    "rate": 8000,
    "channels": 1,
    "log_mel": {"frame": 200, "hop": 80, "bands": 40, "stack": 4, "floor": 1e-5},
}


def test_loudness_makes_little_difference(conformance: Path) -> None:
    net = load(conformance / "log-mel.edge")
    time = np.arange(400) / 8000
    tone = np.sin(2 * np.pi * 1000 * time)
    loud, faint = (net.prepare(audio={"rate": 8000, "samples": tone * by})["sound"] for by in (1, 0.5))
    np.testing.assert_allclose(loud, faint, atol=0.1)


def test_shorter_sounds_of_a_batch_end_in_zeros(conformance: Path) -> None:
    net = load(conformance / "log-mel.edge")
    samples = np.random.default_rng(drawn_seed(0)).uniform(-1, 1, 50)
    sounds = [{"rate": 8000, "samples": samples}, {"rate": 8000, "samples": samples[:20]}]
    batch = net.prepare(audio=sounds)["sound"]
    single = net.prepare(audio=sounds[1])["sound"]
    np.testing.assert_array_equal(batch[1, : single.shape[1]], single[0])
    assert not batch[1, single.shape[1] :].any()


def test_it_is_written_as_it_was_read() -> None:
    audio = Audio.from_field(Field("processing.audio", TABLE))
    assert audio.to_table() == TABLE
    plain = {name: value for name, value in TABLE.items() if name != "log_mel"}
    assert Audio.from_field(Field("processing.audio", plain)).to_table() == plain


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        ({"channels": 2}, "channel"),
        ({"log_mel": {**TABLE["log_mel"], "floor": 0}}, "log_mel.floor: 0 "),  # type: ignore[dict-item]
        ({"log_mel": {**TABLE["log_mel"], "frame": 1}}, "log_mel.frame: 1 "),  # type: ignore[dict-item]
        ({"log_mel": None}, "processing.audio.log_mel: null "),
    ],
)
def test_what_a_manifest_may_not_say(change: dict[str, object], pattern: str) -> None:
    with pytest.raises(BundleError, match=pattern):
        Audio.from_field(Field("processing.audio", TABLE | change))


Edited = Callable[[str, Callable[[Any], None]], Path]


def test_channels_of_sound_are_those_of_the_graph(edited: Edited) -> None:
    def change(manifest: Any) -> None:
        manifest["processing"]["audio"]["channels"] = 10**9

    with pytest.raises(BundleError, match=r"processing\.audio\.channels: 1,000,000,000 found, 2 expected"):
        load(edited("stereo", change))


@pytest.mark.parametrize("samples", [2**23, 2**23 + 1])
def test_the_samples_of_an_input_are_bounded(samples: int) -> None:
    audio = Audio(input="x", rate=16000, channels=2)
    inputs = {"x": Tensor("x", "float32", ("batch", 2, samples))}
    if samples == 2**23:
        audio.check(inputs)
    else:
        with pytest.raises(BundleError, match=r"2 x 8,388,609 samples found, at most 16,777,216 expected"):
            audio.check(inputs)


@pytest.mark.parametrize(
    ("change", "at_fault"),
    [
        ({"frame": 2**15 + 1}, "frame"),
        ({"bands": 2**9 + 1}, "bands"),
        ({"frame": 2**12, "hop": 3}, "hop"),
        ({"stack": 2**20}, "stack"),
        ({"hop": 2**22 + 1}, "hop"),
    ],
)
def test_features_of_sound_are_bounded(change: dict[str, int], at_fault: str) -> None:
    table = {"frame": 400, "hop": 160, "bands": 80, "stack": 1, "floor": 1e-5, **change}
    with pytest.raises(BundleError, match=rf"^log_mel\.{at_fault}: "):
        LogMel.from_field(Field("log_mel", table))


def test_rates_are_bounded() -> None:
    with pytest.raises(BundleError, match=r"rate: .* 1 to 1,048,576 expected"):
        Audio.from_field(Field("audio", {"input": "x", "rate": 2**20 + 1, "channels": 1}))


def test_features_of_a_long_sound_are_those_of_its_parts() -> None:
    log_mel = LogMel(frame=4096, hop=4, bands=8, stack=1, floor=1e-5)
    samples = np.random.default_rng(drawn_seed(0)).uniform(-1, 1, 12_000).astype(np.float32)
    tokens = log_mel.tokens("x", samples, 8000)  # in two blocks
    assert len(tokens) > 2**22 // 4096
    whole = log_mel.tokens("x", samples[:6_000], 8000)  # in one
    for row, other in ((tokens[3], tokens[4]), (tokens[-1], tokens[-2])):
        assert np.corrcoef(row, other)[0, 1] > 0.5  # neighbors share nearly all samples
    assert np.corrcoef(tokens[: len(whole)].ravel(), whole.ravel())[0, 1] > 0.9
