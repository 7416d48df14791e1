"""A causal decoder as its owner hands it over: attention by hand, learned positions, no cache."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

VOCABULARY, WIDTH, HEADS, POSITIONS = 40, 32, 2, 48


class Writer(nn.Module):
    """Scores the token that follows each token."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.projections = nn.Linear(WIDTH, 3 * WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        """Score what follows ``tokens`` (B, S); ``logits`` are (B, S, V)."""
        batch, length = tokens.shape
        x = self.tokens(tokens) + self.positions(torch.arange(length))  # (B, S, W)
        q, k, v = (
            part.view(batch, length, HEADS, -1).transpose(1, 2)  # (B, H, S, D)
            for part in self.projections(x).chunk(3, dim=-1)
        )
        ahead = torch.ones(length, length, dtype=torch.bool).triu(1)
        scores = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).masked_fill(ahead, float("-inf"))
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, WIDTH)  # (B, S, W)
        return {"logits": self.head(x + self.output(mixed))}


def model() -> nn.Module:
    torch.manual_seed(0)
    return Writer().eval()


def samples() -> Iterator[dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(1)
    for length in 4 * tuple(range(4, 24, 2)):  # enough for a verdict
        yield {"tokens": torch.randint(VOCABULARY, (1, length), generator=draw)}
