"""A decoder whose ``forward`` takes and returns its cache, from the owner's file to tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import edgeattn_runtime
from edgeattn.__main__ import main

MODEL = """
import torch
from torch import nn

WIDTH, VOCABULARY = 16, 30


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, WIDTH)
        self.qkv, self.head = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, VOCABULARY)

    def forward(self, tokens, past):
        x = self.embed(tokens)
        q, k, v = (y.unflatten(-1, (2, -1)).transpose(1, 2) for y in self.qkv(x).chunk(3, -1))
        if past is not None:
            k, v = torch.cat((past[0], k), 2), torch.cat((past[1], v), 2)
        seen = torch.ones(q.size(2), k.size(2), dtype=torch.bool).tril(k.size(2) - q.size(2))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        return self.head(x + mixed.transpose(1, 2).flatten(2)), [k, v]


def model():
    torch.manual_seed(0)
    return Decoder().eval()


def samples():
    for length in 7 * (3, 7, 5, 9, 4, 8):  # enough for a verdict
        yield {"tokens": torch.arange(length)[None] * 7 % VOCABULARY, "past": None}
    tokens = torch.ones(1, 2, dtype=torch.int64)
    yield {"tokens": tokens, "past": model()(tokens, None)[1]}
"""


def test_it_generates_as_one_without_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, folder = tmp_path / "model.py", tmp_path / "own.edge"
    model.write_text(MODEL)
    assert main(["export", str(model), "-o", str(folder)]) == 0
    assert main(["validate", str(folder), str(model)]) == 0
    capsys.readouterr()
    net = edgeattn_runtime.load(folder)
    generation = net.manifest.generation
    assert (generation.kind, generation.tokens, generation.logits) == ("decoder", "tokens", "output_0")
    assert [entry.past for entry in generation.cache] == ["past_key_0", "past_value_0"]
    assert len(list(edgeattn_runtime.generate(net, [5, 2, 9], max_new_tokens=6))) == 6


def test_a_cache_of_two_lengths_is_told_in_a_line(refused: Callable[..., str], tmp_path: Path) -> None:
    model = tmp_path / "model.py"
    model.write_text(
        MODEL.replace(
            "model()(tokens, None)[1]", "[x[:, :, i:] for i, x in enumerate(model()(tokens, None)[1])]"
        )
    )
    line = refused("export", model, "-o", tmp_path / "own.edge")
    assert re.search("input 'past': .* 2, 1 ", line)
    assert [path.name for path in tmp_path.iterdir()] == ["model.py"]
