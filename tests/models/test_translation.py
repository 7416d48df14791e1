from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from types import ModuleType

import pytest
import torch
from model_file import load
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

LANGUAGES = 7
EACH = 174  # pairs a language
DATES = 70  # of them
SAME = {"rtol": 0.0, "atol": 1e-5}
ISO_DATE = re.compile(r"(19|20)\d\d-[01]\d-[0-3]\d")


@pytest.fixture(scope="module")
def translation() -> Iterator[ModuleType]:
    with torch.inference_mode():
        yield load("translation")


@pytest.fixture(scope="module")
def network(translation: ModuleType) -> torch.nn.Module:
    trained: torch.nn.Module = translation.model()
    return trained


@pytest.fixture(scope="module")
def pairs(translation: ModuleType) -> list[tuple[Tensor, Tensor]]:
    """Return the ids of all held-out sources and targets, each (1, S) and (1, T)."""
    return [(inputs["source"], inputs["target"]) for inputs, _ in translation.samples()]


def stacked(translation: ModuleType, texts: list[Tensor]) -> Tensor:
    return pad_sequence([text[0] for text in texts], batch_first=True, padding_value=translation.PAD)


@pytest.mark.parametrize(
    ("source", "target"),
    [("mardi 24 novembre 2026", "2026-11-24"), ("zweihundertdreiundvierzig", "243"), ("сорок два", "42")],
)
def test_translates_what_a_user_would_type(
    translation: ModuleType, network: torch.nn.Module, source: str, target: str
) -> None:
    answer = translation.greedy(network, translation.encode_text(source))[0]
    assert translation.decode_text(answer) == target


def test_held_out_pairs_are_dates_and_numbers_in_every_language(translation: ModuleType) -> None:
    held_out = translation.held_out()
    asked = Counter(pair.language for pair in held_out)
    dates = Counter(pair.language for pair in held_out if ISO_DATE.fullmatch(pair.target))
    assert len(asked) == LANGUAGES
    assert set(asked.values()) == {EACH}
    assert set(dates.values()) == {DATES}
    assert len({pair.target for pair in held_out}) == len(held_out)


def test_samples_pair_a_target_with_what_follows(translation: ModuleType) -> None:
    for (inputs, after), pair in zip(translation.samples(), translation.held_out(), strict=True):
        assert inputs.keys() == translation.dynamic.keys()
        source, target = inputs["source"], inputs["target"]
        assert (source.dtype, target.dtype, after.dtype) == (torch.int64,) * 3
        assert translation.decode_text(source[0]) == pair.source
        assert target[0, 0] == translation.START
        assert torch.equal(target[:, 1:], after[:, :-1])
        assert translation.decode_text(after[0]) == pair.target
        assert after[0, -1] == translation.END


def test_no_place_looks_at_those_after_it(
    network: torch.nn.Module, pairs: list[tuple[Tensor, Tensor]]
) -> None:
    source, target = pairs[0]
    whole = network(source, target)["logits"]
    for length in range(1, target.size(1)):
        start = network(source, target[:, :length])["logits"]
        torch.testing.assert_close(start, whole[:, :length], **SAME)


@pytest.mark.parametrize("padding", [1, 7, 20])
def test_padding_of_the_source_changes_nothing(
    translation: ModuleType, network: torch.nn.Module, pairs: list[tuple[Tensor, Tensor]], padding: int
) -> None:
    source, target = pairs[0]
    padded = torch.nn.functional.pad(source, (0, padding), value=translation.PAD)
    torch.testing.assert_close(network(padded, target)["logits"], network(source, target)["logits"], **SAME)


def test_a_batch_is_scored_as_its_pairs_are(
    translation: ModuleType, network: torch.nn.Module, pairs: list[tuple[Tensor, Tensor]]
) -> None:
    sources, targets = zip(*pairs[:8], strict=True)
    together = network(stacked(translation, sources), stacked(translation, targets))["logits"]
    for row, (source, target) in zip(together, pairs[:8], strict=True):
        torch.testing.assert_close(row[: target.size(1)], network(source, target)["logits"][0], **SAME)


def test_encoder_and_decoder_together_are_the_whole(
    translation: ModuleType, network: torch.nn.Module, pairs: list[tuple[Tensor, Tensor]]
) -> None:
    source, target = pairs[0]
    memory = network.encoder(source)
    logits = network.decoder(target, memory, translation.padding_mask(source))
    assert memory.shape == (1, source.size(1), 128)
    assert torch.equal(logits, network(source, target)["logits"])


def test_positions_are_those_of_the_paper(network: torch.nn.Module) -> None:
    positions = network.encoder.embed.positions
    place, pair, width = 7, 5, positions.size(1)
    angle = torch.tensor(place / 10000 ** (2 * pair / width))
    expected = torch.stack((angle.sin(), angle.cos()))
    torch.testing.assert_close(positions[place, 2 * pair : 2 * pair + 2], expected, **SAME)


def test_unknown_characters_are_named(translation: ModuleType) -> None:
    with pytest.raises(ValueError, match="'€'"):
        translation.encode_text("zehn €")


def test_the_metric_counts_characters_but_no_padding(translation: ModuleType) -> None:
    logits = torch.eye(10)[torch.tensor([[7, 2, 4, 4]])]
    after = torch.tensor([[7, 3, translation.PAD, translation.PAD]])
    assert translation.metric({"logits": logits}, after) == 0.5


def test_pretty_is_the_text_up_to_its_end(translation: ModuleType) -> None:
    after = translation.encode_answer("2026-11-24")[:, 1:]
    after = torch.cat((after, after), dim=1)
    logits = torch.eye(len(translation.CHARACTERS) + translation.FIRST_CHARACTER)[after]
    assert translation.pretty({"logits": logits}) == "2026-11-24"
