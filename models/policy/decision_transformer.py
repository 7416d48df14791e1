"""A Decision Transformer: a causal transformer over what was done, what return is wanted, what is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Config:
    """The network's sizes."""

    observed: int = 10  # numbers a step: 4 of CartPole, then 6 of Acrobot; those of the other game are 0
    actions: int = 5  # 2 of CartPole, then 3 of Acrobot
    steps: int = 8  # the longest memory
    width: int = 128
    depth: int = 3
    heads: int = 4
    head: int = 32  # channels of a head
    hidden: int = 256  # inside the feed-forward network


class Attention(nn.Module):
    """Multi-head causal self-attention, step by step as the paper has it (Vaswani et al. 2017, 3.2)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads, self.dim = config.heads, config.head
        inner = config.heads * config.head
        self.query = nn.Linear(config.width, inner)
        self.key = nn.Linear(config.width, inner)
        self.value = nn.Linear(config.width, inner)
        self.output = nn.Linear(inner, config.width)

    def forward(self, x: Tensor, future: Tensor) -> Tensor:
        """Mix the tokens `x` (B, S, W), but not where `future`, bool (S, S), is true; the shape stays."""
        batch = x.size(0)
        q = self.query(x).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        k = self.key(x).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        v = self.value(x).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.dim)  # (B, H, S, S)
        scores = scores.masked_fill(future, -math.inf)
        mixed = torch.matmul(torch.softmax(scores, dim=-1), v)  # (B, H, S, D)
        mixed = mixed.transpose(1, 2).contiguous().view(batch, -1, self.heads * self.dim)  # (B, S, W)
        return self.output(mixed)


class Block(nn.Module):
    """A pre-norm transformer block: attention, then an MLP, each added to what came in."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width)
        self.attention = Attention(config)
        self.norm2 = nn.LayerNorm(config.width)
        self.mlp = nn.Sequential(
            nn.Linear(config.width, config.hidden), nn.GELU(), nn.Linear(config.hidden, config.width)
        )

    def forward(self, x: Tensor, future: Tensor) -> Tensor:
        """Refine the tokens `x` (B, S, W); the shape stays."""
        x = x + self.attention(self.norm1(x), future)
        return x + self.mlp(self.norm2(x))


class DecisionTransformer(nn.Module):
    """Acts so that a wanted return is reached (Chen et al. 2021); one network plays both games."""

    spread: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.register_buffer("spread", torch.ones(config.observed))  # of each observed number, in training
        self.did = nn.Embedding(config.actions + 1, config.width)  # the last stands for no action yet
        self.wanted = nn.Linear(1, config.width)
        self.seen = nn.Linear(config.observed, config.width)
        self.position = nn.Parameter(0.02 * torch.randn(3 * config.steps, config.width))
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.depth)])
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.actions)

    def forward(self, before: Tensor, wanted: Tensor, observation: Tensor) -> dict[str, Tensor]:
        """Score the actions at each of the last steps, given it and those before it.

        Args:
            before: the action before each step, 5 where there was none, int64 (B, T), T at most 8.
            wanted: the return that is still to come, in hundreds, float32 (B, T).
            observation: what is seen, float32 (B, T, 10).

        Returns:
            `logits`, float32 (B, T, 5): a score an action; those of the last step say what to do now.
        """
        tokens = (self.did(before), self.wanted(wanted.unsqueeze(-1)), self.seen(observation / self.spread))
        x = torch.stack(tokens, dim=2).flatten(1, 2)  # (B, 3 * T, W)
        length = x.size(1)
        x = x + self.position[:length]
        future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)  # (3 * T, 3 * T)
        for block in self.blocks:
            x = block(x, future)
        return {"logits": self.head(self.norm(x[:, 2::3]))}  # (B, T, actions)
