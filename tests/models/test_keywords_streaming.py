"""The keyword transformer that listens on: it only looks back, and says when a word has ended."""

from __future__ import annotations

from types import ModuleType

import pytest
import torch
from model_file import load

HEARD = 0.85  # of the first clips


@pytest.fixture(scope="module")
def streaming() -> ModuleType:
    """The model's file."""
    file: ModuleType = load("keywords", "streaming")
    return file


@pytest.fixture(scope="module")
def network(streaming: ModuleType) -> torch.nn.Module:
    """The trained network."""
    trained: torch.nn.Module = streaming.model()
    return trained


@torch.inference_mode()
def test_what_was_answered_stays_as_more_is_heard(streaming: ModuleType, network: torch.nn.Module) -> None:
    audio = streaming.clips()[0][:2]
    hop = streaming.streaming["hop"]
    whole, part = network(audio)["logits"], network(audio[:, : 30 * hop])["logits"]
    torch.testing.assert_close(part, whole[:, :30], atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_hears_words_of_voices_never_heard(streaming: ModuleType, network: torch.nn.Module) -> None:
    audio, labels = (each[:100] for each in streaming.clips())
    assert streaming.metric(network(audio), labels) >= HEARD


@torch.inference_mode()
def test_silence_is_no_word(streaming: ModuleType, network: torch.nn.Module) -> None:
    noise = 0.05 * torch.randn(4, 2 * streaming.CLIP, generator=torch.Generator().manual_seed(0))
    assert (streaming.heard(network(noise)["logits"]).argmax(dim=1) == streaming.NO_WORD).all()


def test_pretty_names_the_word_and_when_it_was_heard(streaming: ModuleType) -> None:
    logits = torch.zeros(1, 75, 12)
    logits[0, 33, 4] = 3
    assert streaming.pretty({"logits": logits}) == "left at 0.68 s"
    logits[0, :, streaming.NO_WORD] = 5
    assert streaming.pretty({"logits": logits}) == "no word"
