from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from types import ModuleType

import pytest
import torch
from model_file import load

SAME = {"rtol": 0.0, "atol": 1e-4}


@pytest.fixture(scope="module")
def keywords() -> Iterator[ModuleType]:
    with torch.inference_mode():
        yield load("keywords")


@pytest.fixture(scope="module")
def network(keywords: ModuleType) -> torch.nn.Module:
    trained: torch.nn.Module = keywords.model()
    return trained


def test_samples_are_a_second_of_sound_and_of_every_label(keywords: ModuleType) -> None:
    labels: Counter[int] = Counter()
    for inputs, label in keywords.samples():
        assert inputs.keys() == keywords.dynamic.keys()
        audio = inputs["audio"]
        assert (audio.shape, audio.dtype) == ((1, keywords.RATE), torch.float32)
        assert 0.001 < audio.abs().max() <= 1  # where nothing is said, what noise there is
        labels[int(label)] += 1
    assert labels.keys() == set(range(len(keywords.LABELS)))


def test_a_clip_is_heard_alike_alone_in_a_batch_and_louder(
    keywords: ModuleType, network: torch.nn.Module
) -> None:
    audio = torch.cat([inputs["audio"] for inputs, _ in keywords.samples()][:8])
    together = network(audio)["logits"]
    alone = torch.cat([network(clip[None])["logits"] for clip in audio])
    torch.testing.assert_close(together, alone, **SAME)
    assert torch.equal(network(2 * audio)["logits"].argmax(-1), together.argmax(-1))


def test_silence_is_no_word(keywords: ModuleType, network: torch.nn.Module) -> None:
    noise = 0.05 * torch.randn(8, keywords.RATE, generator=torch.Generator().manual_seed(0))
    heard = network(noise)["logits"].argmax(dim=-1)
    assert [keywords.LABELS[label] for label in heard] == ["no word"] * 8


def test_the_features_are_those_of_a_fourier_transform(
    keywords: ModuleType, network: torch.nn.Module
) -> None:
    audio = next(iter(keywords.samples()))[0]["audio"]
    config, layer = keywords.Config(), network.log_mel
    window = torch.hann_window(config.frame)
    waves = torch.stft(audio, config.frame, config.hop, window=window, center=False, return_complex=True)
    power = waves.abs().square().transpose(1, 2)  # (1, frames, bins)
    torch.testing.assert_close(layer(audio), torch.log(power @ layer.bank + 1e-5), rtol=0, atol=1e-2)


@pytest.mark.parametrize("hertz", [300, 1000, 3000])
def test_a_tone_is_loudest_in_its_band(keywords: ModuleType, network: torch.nn.Module, hertz: int) -> None:
    tone = torch.sin(2 * math.pi * hertz * torch.arange(keywords.RATE) / keywords.RATE)
    bands = network.log_mel(tone[None])[0].mean(dim=0)  # (mels,)
    place = 2595 * math.log10(1 + hertz / 700)
    top = 2595 * math.log10(1 + keywords.RATE / 2 / 700)
    assert abs(bands.argmax().item() - (place / top * (len(bands) + 1) - 1)) <= 1


def test_mu_law_codes_cover_the_sound_from_loud_to_quiet(keywords: ModuleType) -> None:
    decoded = keywords.decoded(torch.arange(256, dtype=torch.uint8))
    assert (decoded[0], decoded[-1]) == (-1, 1)
    assert (decoded.diff() > 0).all()
    assert decoded.abs().min() < 1e-4


def test_the_metric_counts_right_answers(keywords: ModuleType) -> None:
    logits = torch.eye(12)[[7, 2]]
    assert keywords.metric({"logits": logits}, torch.tensor([7, 3])) == 0.5


def test_pretty_names_the_word_and_its_certainty(keywords: ModuleType) -> None:
    logits = torch.zeros(1, 12)
    logits[0, 4] = 100.0
    assert keywords.pretty({"logits": logits}) == "left (100 %)"
