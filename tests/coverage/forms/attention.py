"""Attention step by step, as the paper has it; a hand-written form writes one of the steps its own way."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from forms.inputs import HEADS, SIZE, WIDTH
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head self-attention as in models/digits (Vaswani et al. 2017, section 3.2).

    Args:
        steps: What takes the place of methods, by their names.
    """

    def __init__(self, **steps: Callable[..., object]) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        for name, step in steps.items():
            setattr(self, name, step)

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
    """The same with a padding mask (B, S), 1 where a key is shown; its steps see it as (B, 1, 1, S)."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.project(x)
        scores, shown = self.score(q, k), mask[:, None, None, :]
        return self.output(self.join(self.mix(self.hide(self.weigh(self.lay(scores, shown)), shown), v)))

    def lay(self, scores: Tensor, shown: Tensor) -> Tensor:
        return scores.masked_fill(shown == 0, float("-inf"))

    def hide(self, weights: Tensor, shown: Tensor) -> Tensor:
        return weights


class ReturningAttention(Attention):
    """The weights are an output too."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = self.project(x)
        weights = self.weigh(self.score(q, k))
        return self.output(self.join(self.mix(weights, v))), weights


def split(x: Tensor, heads: int = HEADS) -> Tensor:
    """Split the heads of ``x`` (B, S, H*D)."""
    return x.view(x.size(0), -1, heads, x.size(-1) // heads).transpose(1, 2)  # (B, H, S, D)


def causal(length: int) -> Tensor:
    """Say which keys (columns) each query (row) may see: those up to itself."""
    return torch.ones(length, length, dtype=torch.bool).tril()  # (S, S)


def hide_future(scores: Tensor, value: float = float("-inf")) -> Tensor:
    """Fill the scores (..., S, S) of keys that are not ``causal``."""
    return scores.masked_fill(~causal(scores.size(-1)), value)


def distance(length: int) -> Tensor:
    """Return how far each key (column) lies behind (positive) or before each query (row)."""
    at = torch.arange(length)
    return at[None, :] - at[:, None]  # (S, S)


def window(length: int, reach: int) -> Tensor:
    """Say which keys each query may see: itself and those just before it, ``reach`` in all."""
    ahead = distance(length)
    return (ahead <= 0) & (ahead > -reach)  # (S, S)
