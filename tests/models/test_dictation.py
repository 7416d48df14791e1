from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest
import torch
from model_file import load
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

SAME = {"rtol": 0.0, "atol": 1e-4}

Spoken = tuple[Tensor, Tensor]  # sound, (1, S, 160), and text, (1, T)


@pytest.fixture(scope="module")
def dictation() -> Iterator[ModuleType]:
    with torch.inference_mode():
        yield load("dictation")


@pytest.fixture(scope="module")
def network(dictation: ModuleType) -> torch.nn.Module:
    trained: torch.nn.Module = dictation.model()
    return trained


@pytest.fixture(scope="module")
def spoken(dictation: ModuleType) -> list[Spoken]:
    return [(inputs["sound"], inputs["text"]) for inputs, _ in dictation.samples()]


def stacked(rows: list[Tensor]) -> Tensor:
    return pad_sequence([row[0] for row in rows], batch_first=True)


@pytest.mark.parametrize(
    ("said", "right", "edits"),
    [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("seven", "eleven", 2), ("six", "six", 0), ("ab", "ba", 2)],
)
def test_the_error_counts_edits(said: str, right: str, edits: int) -> None:
    assert load("dictation", "errors").distance(said, right) == edits


def test_samples_pair_a_text_with_what_follows(dictation: ModuleType) -> None:
    for (inputs, after), (audio, phrase) in zip(dictation.samples(), dictation.recordings(), strict=True):
        assert inputs.keys() == dictation.dynamic.keys()
        sound, text = inputs["sound"], inputs["text"]
        assert (sound.dtype, text.dtype, after.dtype) == (torch.float32, torch.int64, torch.int64)
        assert sound.shape == (1, -(-(len(audio) - 120) // 320), 160)  # 4 frames of 80 samples, of 200 each
        assert text[0, 0] == dictation.START
        assert torch.equal(text[:, 1:], after[:, :-1])
        assert dictation.decode_text(after[0]) == phrase
        assert after[0, -1] == dictation.END


def test_no_place_looks_at_those_after_it(network: torch.nn.Module, spoken: list[Spoken]) -> None:
    sound, text = spoken[0]
    whole = network(sound, text)["logits"]
    for length in range(1, text.size(1)):
        torch.testing.assert_close(network(sound, text[:, :length])["logits"], whole[:, :length], **SAME)


@pytest.mark.parametrize("padding", [1, 7, 20])
def test_zeros_after_the_sound_change_nothing(
    network: torch.nn.Module, spoken: list[Spoken], padding: int
) -> None:
    sound, text = spoken[0]
    longer = torch.nn.functional.pad(sound, (0, 0, 0, padding))
    torch.testing.assert_close(network(longer, text)["logits"], network(sound, text)["logits"], **SAME)


def test_a_batch_is_scored_as_its_phrases_are(network: torch.nn.Module, spoken: list[Spoken]) -> None:
    sounds, texts = zip(*spoken[:8], strict=True)
    together = network(stacked(list(sounds)), stacked(list(texts)))["logits"]
    for row, (sound, text) in zip(together, spoken[:8], strict=True):
        torch.testing.assert_close(row[: text.size(1)], network(sound, text)["logits"][0], **SAME)


def test_loudness_does_not_matter(dictation: ModuleType) -> None:
    audio, _ = next(iter(dictation.recordings()))
    sound = dictation.features(audio)
    assert sound.mean().abs() < 0.1
    assert (dictation.features(4 * audio) - sound).abs().mean() < 0.02  # but for what is as quiet as silence


def test_unknown_characters_are_named(dictation: ModuleType) -> None:
    with pytest.raises(ValueError, match="'7'"):
        dictation.encode_text("at 7")


def test_the_metric_counts_characters_but_no_padding(dictation: ModuleType) -> None:
    logits = torch.eye(10)[torch.tensor([[7, 2, 4, 4]])]
    after = torch.tensor([[7, 3, dictation.PAD, dictation.PAD]])
    assert dictation.metric({"logits": logits}, after) == 0.5


def test_pretty_is_the_text_up_to_its_end(dictation: ModuleType) -> None:
    after = dictation.encode_text("turn on the lamp")[:, 1:]
    logits = torch.eye(30)[torch.cat((after, after), dim=1)]
    assert dictation.pretty({"logits": logits}) == "turn on the lamp"
