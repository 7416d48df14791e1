"""A model file of a text classifier that also returns where its last layer looks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

TOKENIZER = Path(__file__).parents[2] / "runtime/conformance/build/processed.edge/tokenizer.json"
VOCABULARY, WIDTH, HEADS = 14, 32, 2
LENGTHS = (3, 9, 5, 7, 4, 8, 6, 10)

processing = {"text": {"tokenizer": TOKENIZER, "ids": "ids", "mask": "mask", "types": None, "longest": None}}


class Attention(nn.Module):
    """Self-attention that returns its answer and its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = self.qkv(x).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)  # (B, H, S, D) each
        scores = 3 * q @ k.mT / math.sqrt(WIDTH // HEADS)
        weights = scores.masked_fill(mask[:, None, None, :] == 0, -1e9).softmax(-1)  # (B, H, S, S)
        return self.out((weights @ v).transpose(1, 2).flatten(2)), weights


class Classifier(nn.Module):
    """Two layers, of which the last one's weights are an answer too."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, WIDTH)
        self.first, self.last = Attention(), Attention()
        self.head = nn.Linear(WIDTH, 2)

    def forward(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Classify texts, int64 (B, S): ``logits`` (B, 2) and ``attention`` (B, H, S, S)."""
        x = self.embed(ids)
        x = x + self.first(x, mask)[0]
        mixed, attention = self.last(x, mask)
        return {"logits": self.head((x + mixed)[:, 0]), "attention": attention}


def model() -> nn.Module:
    torch.manual_seed(0)
    return Classifier().eval()


def samples() -> Iterator[dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(1)
    for length in LENGTHS:
        ids = torch.randint(1, VOCABULARY, (1, length), generator=draw)
        yield {"ids": ids, "mask": torch.ones_like(ids)}
