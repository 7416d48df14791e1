"""PatchTST with a view across series: patches of every series are one sequence, attended all together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Config:
    """The network's sizes."""

    series: int = 3
    past: int = 336  # hours: two weeks
    horizon: int = 24  # hours
    patch: int = 24  # hours: 14 patches a series
    width: int = 128
    depth: int = 3
    heads: int = 4
    hidden: int = 256  # inside the feed-forward network
    dropout: float = 0.2


class Attention(nn.Module):
    """Multi-head self-attention, step by step as the paper has it (Vaswani et al. 2017, section 3.2)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.dim = config.width // config.heads
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)
        self.output = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the tokens `x` (B, S, W); the shape stays."""
        batch = x.size(0)
        q = self.query(x).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        k = self.key(x).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        v = self.value(x).view(batch, -1, self.heads, self.dim).transpose(1, 2)  # (B, H, S, D)
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.dim)  # (B, H, S, S)
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
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Refine the tokens `x` (B, S, W); the shape stays."""
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.dropout(self.mlp(self.norm2(x)))


class SeriesTransformer(nn.Module):
    """PatchTST (Nie et al. 2023), but each patch also attends to those of the other series."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.patch = config.patch
        patches = config.past // config.patch
        self.embed = nn.Linear(config.patch, config.width)
        self.position = nn.Parameter(0.02 * torch.randn(1, config.series, patches, config.width))
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.depth)])
        self.norm = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(patches * config.width, config.horizon)

    def forward(self, past: Tensor) -> dict[str, Tensor]:
        """Forecast the day that follows.

        Args:
            past: each series in standard units, hour by hour, float32 (B, 3, 336).

        Returns:
            `forecast`, float32 (B, 3, 24): the next hours of each series, in the same units.
        """
        level = past.mean(dim=-1, keepdim=True)  # (B, N, 1): seasons move it, and the network need not know
        x = self.embed((past - level).unflatten(-1, (-1, self.patch)))  # (B, N, P, W)
        _, series, patches, width = x.shape
        x = (x + self.position).flatten(1, 2)  # (B, N * P, W)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x).view(-1, series, patches * width)  # (B, N, P * W)
        return {"forecast": self.head(self.dropout(x)) + level}  # (B, N, horizon)
