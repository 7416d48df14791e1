"""Positions of small decoders, given to (B, S, W): learned or computed, looked up or cut."""

from __future__ import annotations

import torch
from decoder_attention import LONGEST, WIDTH
from torch import Tensor, nn


class Learned(nn.Module):
    """A table of positions, looked up; its first rows serve something else."""

    def __init__(self, offset: int = 0) -> None:
        super().__init__()
        self.table = nn.Embedding(LONGEST, WIDTH)
        self.offset = offset

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table(torch.arange(x.size(1)) + self.offset)


class Indexed(nn.Module):
    """A table of positions, indexed by a number a token of each row."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(LONGEST, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[torch.arange(x.size(1)).expand(x.size(0), -1)]


class Cut(nn.Module):
    """A table of positions, cut to the length."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", _sinusoids(LONGEST))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.size(1)]


def computed(x: Tensor) -> Tensor:
    return x + _sinusoids(x.size(1))


def shifted(x: Tensor) -> Tensor:
    return x + nn.functional.pad(x, (0, 0, 1, 0))[:, :-1]  # each position also sees the one before it


def _sinusoids(length: int) -> Tensor:
    angle = torch.arange(length)[:, None] * 10.0 ** -torch.linspace(0, 2, WIDTH // 2)
    return torch.cat((angle.sin(), angle.cos()), -1)
