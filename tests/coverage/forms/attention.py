"""Attention step by step, as the paper has it; a hand-written form writes one of the steps its own way."""

from __future__ import annotations

import math

import torch
from forms.inputs import HEADS, SIZE, WIDTH
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head self-attention as in models/digits (Vaswani et al. 2017, section 3.2)."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.project(x)
        return self.output(self.join(self.mix(self.weigh(self.score(q, k)), v)))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return split(self.query(x)), split(self.key(x)), split(self.value(x))

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(SIZE)  # (B, H, S, S)

    def weigh(self, scores: Tensor) -> Tensor:
        return torch.softmax(scores, dim=-1)

    def mix(self, weights: Tensor, v: Tensor) -> Tensor:
        return torch.matmul(weights, v)  # (B, H, S, D)

    def join(self, mixed: Tensor) -> Tensor:
        return mixed.transpose(1, 2).flatten(2)  # (B, S, W)


class MaskedAttention(Attention):
    """The same with a padding mask (B, S), 1 where a key is shown."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.project(x)
        return self.output(self.join(self.mix(self.weigh(self.lay(self.score(q, k), mask)), v)))

    def lay(self, scores: Tensor, mask: Tensor) -> Tensor:
        return scores.masked_fill(mask[:, None, None, :] == 0, float("-inf"))


def split(x: Tensor, heads: int = HEADS) -> Tensor:
    """Split the heads of ``x`` (B, S, H*D)."""
    return x.view(x.size(0), -1, heads, x.size(-1) // heads).transpose(1, 2)  # (B, H, S, D)


def causal(length: int) -> Tensor:
    """Say which keys (columns) each query (row) may see: those up to itself."""
    return torch.ones(length, length, dtype=torch.bool).tril()  # (S, S)


def distance(length: int) -> Tensor:
    """Return how far each key (column) lies behind (positive) or before each query (row)."""
    at = torch.arange(length)
    return at[None, :] - at[:, None]  # (S, S)
