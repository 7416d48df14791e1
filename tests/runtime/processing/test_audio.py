from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from edgeattn_runtime import InputError, Sound
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.audio import Audio, prepare_audio
from edgeattn_runtime.processing.wav import read_wav

MONO = Audio(input="wave", rate=16000, channels=1)
STEREO = Audio(input="wave", rate=16000, channels=2)
ANY = Tensor("wave", "float32", ("batch", "time"))
CHANNELS = Tensor("wave", "float32", ("batch", "channels", "time"))
SAMPLES = np.array([0, 0.5, -1, 1], np.float32)


def _write(path: Path, data: bytes, *, width: int = 2, channels: int = 1, rate: int = 16000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", "not compressed"))
        file.writeframes(data)
    return path


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_integers_are_divided_by_half_their_range(width: int, tmp_path: Path) -> None:
    half = 2 ** (8 * width - 1)
    integers = [0, half // 2, -half, half - 1, 1, -1]
    offset = half if width == 1 else 0
    data = b"".join((i + offset).to_bytes(width, "little", signed=not offset) for i in integers)
    rate, samples = read_wav(_write(tmp_path / "s.wav", data, width=width))
    assert (rate, samples.dtype, samples.shape) == (16000, np.float32, (1, 6))
    assert samples[0].tolist() == [np.float32(i / half) for i in integers]


def test_channels_lie_apart(tmp_path: Path) -> None:
    data = np.array([[1, 2], [3, 4], [5, 6]], "<i2").tobytes()
    path = _write(tmp_path / "s.wav", data, channels=2)
    stacked = prepare_audio(STEREO, CHANNELS, [path, path]) * 2**15
    assert stacked.tolist() == [[[1, 3, 5], [2, 4, 6]]] * 2


def test_an_input_of_one_channel_may_lack_its_dim() -> None:
    assert prepare_audio(MONO, ANY, [Sound(16000, SAMPLES)]).tolist() == [SAMPLES.tolist()]
    assert prepare_audio(MONO, CHANNELS, [Sound(16000, SAMPLES)]).tolist() == [[SAMPLES.tolist()]]


def test_silence_is_a_sound() -> None:
    assert not prepare_audio(MONO, ANY, [Sound(16000, np.zeros((1, 9)))]).any()


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


def test_silence_fills_up_an_input_of_a_size() -> None:
    sounds = [Sound(16000, SAMPLES), {"rate": 16000, "samples": SAMPLES[:2]}]
    filled = prepare_audio(MONO, Tensor("wave", "float32", ("batch", 6)), sounds)
    assert filled.tolist() == [[0, 0.5, -1, 1, 0, 0], [0, 0.5, 0, 0, 0, 0]]
    with pytest.raises(InputError, match=r"audio: 4 samples .*3 "):
        prepare_audio(MONO, Tensor("wave", "float32", ("batch", 3)), sounds)


def test_sounds_of_a_batch_have_one_length() -> None:
    with pytest.raises(InputError, match="2 to 4 samples"):
        prepare_audio(MONO, ANY, [Sound(16000, SAMPLES), Sound(16000, SAMPLES[:2])])


def test_files_that_are_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "s.wav", bytes(40))
    whole = path.read_bytes()
    floats = bytearray(whole)
    floats[20] = 3  # the format's number: floats
    endless = bytearray(whole)
    endless[17] = 255  # the format's size: beyond the file
    for broken in (b"", b"RIFF", whole[:30], whole[:-3], b"fLaC" + whole[4:], bytes(floats), bytes(endless)):
        path.write_bytes(broken)
        with pytest.raises(InputError, match=r"s\.wav: "):
            read_wav(path)
