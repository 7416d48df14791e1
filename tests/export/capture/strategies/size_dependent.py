"""Attention in the spellings that make a number of a size: each is a cause that a user meets."""

from __future__ import annotations

import math

import numpy as np
import torch
from draws import drawn_seed
from torch import Tensor, nn

WIDTH, HEADS = 16, 2
LONGEST = 64
SHORT = 8


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(x, x.shape[0], x.shape[1])

    def attend(self, x: Tensor, batch: int, length: int, bias: Tensor | None = None) -> Tensor:
        q, k, v = self.qkv(x).reshape(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)  # (B, H, S, D)
        scores = q @ k.transpose(-1, -2) / math.sqrt(WIDTH // HEADS)
        weights = (scores if bias is None else scores + bias).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(batch, length, WIDTH))


class Int(Attention):
    def forward(self, x: Tensor) -> Tensor:
        return self.attend(x, int(x.shape[0]), int(x.shape[1]))


class Product(Attention):
    """A size that went through numpy, which no tracer follows."""

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(x, x.shape[0], int(np.prod(x.shape[1:2])))


class Both(Attention):
    """Both sizes through numpy, and their product."""

    def forward(self, x: Tensor) -> Tensor:
        batch, length = (int(np.prod([size])) for size in x.shape[:2])
        return self.attend(x.reshape(batch * length, WIDTH), batch, length)


class Table(Attention):
    """Relative positions, kept by length (T5, LeViT)."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.randn(2 * LONGEST, HEADS))
        self.kept: dict[int, Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        length = int(x.shape[1])
        if length not in self.kept:
            self.kept[length] = torch.tensor(
                [[key - query + LONGEST for key in range(length)] for query in range(length)]
            )
        bias = self.bias[self.kept[length]].permute(2, 0, 1)  # (H, S, S)
        return self.attend(x, x.shape[0], length, bias)


class Resized(Attention):
    """Learned positions, resized unless they fit (vision transformers)."""

    def __init__(self) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.randn(1, WIDTH, SHORT))

    def forward(self, x: Tensor) -> Tensor:
        positions = self.positions
        if x.shape[1] != SHORT:
            positions = nn.functional.interpolate(positions, size=x.shape[1], mode="linear")
        return super().forward(x + positions.mT)


class Padded(Attention):
    """Pooled by two, repeated, and padded where a position is lost (SEW)."""

    def forward(self, x: Tensor) -> Tensor:
        pooled = nn.functional.avg_pool1d(x.mT, 2).mT
        mixed = super().forward(pooled).repeat_interleave(2, 1)
        if mixed.shape[1] < x.shape[1]:
            mixed = nn.functional.pad(mixed, (0, 0, 0, x.shape[1] - mixed.shape[1]))
        return mixed


class Otherwise(Attention):
    """Another model altogether above ``SHORT`` positions, without attention: every strategy tries it."""

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] > SHORT:
            x = x + 1
        return self.out(x)


class Parity(Attention):
    """Another model altogether at every other length, without attention either."""

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] % 2 == 0:
            x = x + 1
        return self.out(x)


class Loop(Attention):
    """A Python loop over positions."""

    def forward(self, x: Tensor) -> Tensor:
        x = torch.stack([self.out(x[:, i]) for i in range(x.shape[1])], 1)
        return super().forward(x)


class OneRow(Attention):
    """A first position that is joined to one row alone."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.randn(1, 1, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(torch.cat([self.first, x], 1))  # (1, S + 1, W)
