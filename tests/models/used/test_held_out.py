"""What the weights reach on what training never saw: dictation, keywords, story and translation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from model_file import load
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

STORY_SCORES = Path(__file__).parents[3] / "models" / "story" / "scores.json"
EXACT_MATCH = 0.95  # of the translations
CHARACTER_ERROR = 0.05  # of dictation
FORETOLD = {"dictation": 0.95, "translation": 0.98}  # of the characters, those before them being given
ACCURACY = 0.95  # on the words of voices never heard
RECORDINGS, CLIPS = 160, 1200
BATCH = 20  # of sounds that are nearly as long
BASELINES = {"5-gram", "8-gram"}
BITS = 1e-3  # bits per byte: another machine's float sums


@pytest.fixture(autouse=True)
def _inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


def _stacked(rows: list[Tensor], padding: int = 0) -> Tensor:
    return pad_sequence([row[0] for row in rows], batch_first=True, padding_value=padding)


def test_translates_the_held_out_pairs() -> None:
    translation = load("translation")
    network = translation.model()
    assert not network.training
    sources = [inputs["source"] for inputs, _ in translation.samples()]
    answers = translation.greedy(network, _stacked(sources, translation.PAD))
    right = [
        translation.decode_text(answer) == pair.target
        for answer, pair in zip(answers, translation.held_out(), strict=True)
    ]
    assert sum(right) / len(right) >= EXACT_MATCH


def test_spells_phrases_never_heard() -> None:
    dictation = load("dictation")
    network = dictation.model()
    assert not network.training
    sounds = [inputs["sound"] for inputs, _ in dictation.samples()]
    phrases = [phrase for _, phrase in dictation.recordings()]
    by_length = sorted(zip(sounds, phrases, strict=True), key=lambda it: it[0].size(1))
    said, right = [], []
    for start in range(0, len(by_length), BATCH):
        batch = by_length[start : start + BATCH]
        answers = dictation.greedy(network, _stacked([sound for sound, _ in batch]))
        said += [dictation.decode_text(answer) for answer in answers]
        right += [phrase for _, phrase in batch]
    assert len(said) == len(right) == RECORDINGS
    assert load("dictation", "errors").character_error(said, right) <= CHARACTER_ERROR


@pytest.mark.parametrize("name", FORETOLD)
def test_foretells_each_character_of_a_known_text(name: str) -> None:
    assert _score(load(name)) >= FORETOLD[name]


def test_hears_the_words_of_voices_never_heard() -> None:
    keywords = load("keywords")
    assert len(list(keywords.samples())) == CLIPS
    assert _score(keywords) >= ACCURACY


def test_held_out_text_costs_fewer_bits_than_with_n_grams() -> None:
    story = load("story")
    scores = json.loads(STORY_SCORES.read_text(encoding="utf-8"))
    assert scores.keys() == BASELINES | {"transformer"}
    reached = story.bits_per_byte(story.model(), story.held_out())
    assert reached == pytest.approx(scores["transformer"], abs=BITS)
    assert reached < min(scores[name] for name in BASELINES)


def _score(source: ModuleType) -> float:
    """Return a model's own metric, the mean over all its samples."""
    network = source.model()
    assert not network.training
    scores: list[float] = [source.metric(network(**inputs), target) for inputs, target in source.samples()]
    return sum(scores) / len(scores)
