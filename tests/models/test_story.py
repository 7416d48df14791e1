from __future__ import annotations

from types import ModuleType

import pytest
import torch
from model_file import load
from torch.nn.functional import scaled_dot_product_attention

pytest.importorskip("tokenizers")

LENGTHS = {32, 48, 64, 96, 128, 256}  # tokens
POSITIONS = 1024
SAMPLES = 296
SAME = {"rtol": 1e-4, "atol": 1e-4}
SUM = 1e-9


@pytest.fixture(scope="module")
def story() -> ModuleType:
    return load("story")


@pytest.fixture(scope="module")
def network(story: ModuleType) -> torch.nn.Module:
    trained: torch.nn.Module = story.model()
    return trained


@pytest.fixture(scope="module")
def text(story: ModuleType) -> torch.Tensor:
    tokens: torch.Tensor = story.encode(story.held_out())
    return tokens  # (1, all)


def logits(network: torch.nn.Module, tokens: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        scores: torch.Tensor = network(tokens)["logits"]
    return scores


def test_the_n_grams_odds_sum_to_1_and_favor_what_was_seen() -> None:
    ngram = load("story", "ngram")
    levels = ngram.fit(b"the cat, the hat, the rat, the bat. " * 3 + b"a dog", 5)
    for before in (b"the ", b"a ca", b"zzzz"):
        odds = [ngram.probability(levels, before, bytes([byte])) for byte in range(256)]
        assert min(odds) > 0
        assert sum(odds) == pytest.approx(1, abs=SUM)
    assert ngram.probability(levels, b", th", b"e") > 0.5
    assert 0 < ngram.bits_per_byte(levels, b"the rat, the cat") < 8


def test_no_token_sees_a_later_one(network: torch.nn.Module, text: torch.Tensor) -> None:
    tokens = text[:, :40]
    changed = tokens.clone()
    changed[:, 25] = (tokens[:, 25] + 1) % 1024
    before, after = logits(network, tokens), logits(network, changed)
    torch.testing.assert_close(after[:, :25], before[:, :25], rtol=0, atol=0)
    assert (after[:, 25:] - before[:, 25:]).abs().amax(dim=-1).min() > 0.01  # each later token sees it


def test_a_text_is_scored_alike_alone_in_a_batch_and_as_a_beginning(
    network: torch.nn.Module, text: torch.Tensor
) -> None:
    rows = text[0, :120].view(3, 40)
    together = logits(network, rows)
    for row, scores in zip(rows, together, strict=True):
        torch.testing.assert_close(logits(network, row[None])[0], scores, **SAME)
        torch.testing.assert_close(logits(network, row[None, :7])[0], scores[:7], **SAME)


def test_attention_is_the_grouped_query_attention_of_torch(
    story: ModuleType, network: torch.nn.Module
) -> None:
    layer, length = network.blocks[0].attention, 50
    shapes = [tuple(part.weight.shape) for part in (layer.query, layer.key, layer.value)]
    assert shapes == [(128, 128), (64, 128), (64, 128)]
    x = torch.randn(2, length, 128, generator=torch.Generator().manual_seed(0))
    cosine, sine = network.cosine[:length], network.sine[:length]
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    with torch.inference_mode():
        q, k, v = (
            part(x).unflatten(-1, (-1, 32)).transpose(1, 2) for part in (layer.query, layer.key, layer.value)
        )
        q, k = story.rotate(q, cosine, sine), story.rotate(k, cosine, sine)
        mixed = scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)  # (B, H, S, D)
        expected = layer.output(mixed.transpose(1, 2).flatten(2))
        torch.testing.assert_close(layer(x, cosine, sine, future), expected, **SAME)


def test_rotary_scores_depend_on_the_distance_alone(story: ModuleType, network: torch.nn.Module) -> None:
    q, k = torch.randn(2, 1, 1, 1, 32, generator=torch.Generator().manual_seed(0))

    def score(at: int, seen: int) -> torch.Tensor:
        turned = story.rotate(q, network.cosine[at], network.sine[at])
        return (turned * story.rotate(k, network.cosine[seen], network.sine[seen])).sum()

    torch.testing.assert_close(score(900, 893), score(7, 0), **SAME)
    assert abs(score(900, 893) - score(900, 890)) > 0.1


def test_torch_export_keeps_both_axes_free(network: torch.nn.Module, text: torch.Tensor) -> None:
    free = {"tokens": {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}}
    program = torch.export.export(network, (text[0, :60].view(2, 30),), dynamic_shapes=free).module()
    for batch, length in ((1, 1), (3, 7), (1, 300)):
        tokens = text[0, : batch * length].view(batch, length)
        torch.testing.assert_close(logits(program, tokens), logits(network, tokens), **SAME)


def test_a_text_longer_than_the_positions_is_refused(network: torch.nn.Module, text: torch.Tensor) -> None:
    assert logits(network, text[:, :POSITIONS]).shape == (1, POSITIONS, 1024)
    with pytest.raises(ValueError, match=r"1025 tokens.* 1024"):
        network(text[:, : POSITIONS + 1])


def test_samples_are_passages_of_many_lengths_and_what_follows(story: ModuleType, text: torch.Tensor) -> None:
    passages = list(story.samples())
    assert len(passages) == SAMPLES
    assert {inputs["tokens"].size(1) for inputs, _ in passages} == LENGTHS
    end = 0
    for inputs, target in passages:
        tokens = inputs["tokens"]
        assert inputs.keys() == story.dynamic.keys()
        assert (tokens.dtype, target.dtype) == (torch.int64, torch.int64)
        assert tokens.shape == target.shape == (1, tokens.size(1))
        assert torch.equal(tokens[:, 1:], target[:, :-1])
        passage = story.decode(torch.cat((tokens, target[:, -1:]), dim=1))
        end = story.held_out().index(passage, end) + len(passage)  # after the one before: no two overlap


def test_any_text_survives_the_vocabulary(story: ModuleType) -> None:
    for phrase in ("It is a truth universally acknowledged,", "naïve  “quotes”\n£20 \N{SNOWMAN}", ""):
        tokens = story.encode(phrase)
        assert (tokens.dtype, tokens.size(0)) == (torch.int64, 1)
        assert story.decode(tokens) == phrase


def test_the_metric_is_the_odds_of_what_follows(story: ModuleType) -> None:
    scores = torch.tensor([[[0.75, 0.25], [0.5, 0.5]]]).log()  # (1, 2, 2)
    assert story.metric({"logits": scores}, torch.tensor([[0, 1]])) == pytest.approx((0.75 + 0.5) / 2)


def test_pretty_names_the_likeliest_continuations(story: ModuleType) -> None:
    scores = torch.full((1, 2, 1024), -100.0)
    for word, odds in ((",", 0.5), (" of", 0.3), (" to", 0.2)):
        (token,) = story.encode(word)[0].tolist()
        scores[0, -1, token] = torch.tensor(odds).log()
    assert story.pretty({"logits": scores}) == '"," (50 %), " of" (30 %), " to" (20 %)'
