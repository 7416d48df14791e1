"""Attention in modules that make a number, a table or a decision of a size."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch
from forms.attention import Attention
from forms.form import Form
from forms.inputs import HEADS, LONGEST, WIDTH, samples, vectors
from torch import Tensor, nn

QUERIES = 5
SQUEEZED = 2


class Sized(Attention):
    """Adds positions made for a length."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + self.positions(x))

    def positions(self, x: Tensor) -> Tensor:
        raise NotImplementedError


class IntLength(Sized):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(4 * LONGEST, WIDTH)

    def positions(self, x: Tensor) -> Tensor:
        return self.table(torch.arange(int(x.shape[1])))  # (S, W)


class IntBatch(Attention):
    """A table expanded to a batch that is a number (detection heads)."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.zeros(QUERIES, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        queries = self.queries.unsqueeze(1).repeat(1, len(x), 1).transpose(0, 1)  # (B, Q, W)
        weights = (queries @ x.mT / math.sqrt(WIDTH)).softmax(-1)
        return super().forward((weights @ x).reshape(int(x.size(0)), QUERIES, WIDTH))


class NumpyLength(Sized):
    def positions(self, x: Tensor) -> Tensor:
        length = int(np.prod(x.shape[1:2]))
        return torch.linspace(0, 1, WIDTH) * torch.arange(length)[:, None] / LONGEST  # (S, W)


class KeptTable(Attention):
    """A relative bias by a table of distances that is kept by length (T5, LeViT)."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(4 * LONGEST, HEADS))
        self.kept: dict[int, Tensor] = {}

    def weigh(self, scores: Tensor) -> Tensor:
        length = int(scores.shape[-1])
        if length not in self.kept:
            rows = [[key - query + 2 * LONGEST for key in range(length)] for query in range(length)]
            self.kept[length] = torch.tensor(rows)  # (S, S)
        return super().weigh(scores + self.bias[self.kept[length]].permute(2, 0, 1))


class NumpySinusoids(Sized):
    def positions(self, x: Tensor) -> Tensor:
        angles = np.arange(int(x.shape[1]))[:, None] * np.arange(WIDTH)[None] / LONGEST
        return torch.from_numpy(np.sin(angles).astype(np.float32))  # (S, W)


class Resized(Sized):
    """Learned positions, resized unless they fit (vision transformers)."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(1, WIDTH, LONGEST))

    def positions(self, x: Tensor) -> Tensor:
        table = self.table
        if x.shape[1] != LONGEST:
            table = nn.functional.interpolate(table, size=x.shape[1], mode="linear")
        return table.mT  # (1, S, W)


class ResizedTo(Resized):
    """The same to a number."""

    def positions(self, x: Tensor) -> Tensor:
        return nn.functional.interpolate(self.table, size=int(x.shape[1]), mode="linear").mT


class Squeezed(Attention):
    """Pooled by two, repeated, and padded where a position is lost (SEW)."""

    def forward(self, x: Tensor) -> Tensor:
        mixed = super().forward(nn.functional.avg_pool1d(x.mT, SQUEEZED).mT)
        mixed = mixed.repeat_interleave(SQUEEZED, 1)
        if mixed.shape[1] < x.shape[1]:
            mixed = nn.functional.pad(mixed, (0, 0, 0, x.shape[1] - mixed.shape[1]))
        return mixed


class Ceiled(Attention):
    """Blocks of four, the last one filled up, counted by ``math.ceil``."""

    def forward(self, x: Tensor) -> Tensor:
        length = x.shape[1]
        missing = math.ceil(length / 4) * 4 - length
        blocks = nn.functional.pad(x, (0, 0, 0, missing)).reshape(-1, 4, WIDTH)  # (B * blocks, 4, W)
        return super().forward(blocks).reshape(x.shape[0], -1, WIDTH)[:, :length]


class Listed(Attention):
    """Sizes that went through a tensor."""

    def forward(self, x: Tensor) -> Tensor:
        length = torch.tensor(x.shape)[1].item()
        return super().forward(x + torch.arange(length)[:, None] / LONGEST)


class CausalList(Attention):
    """A causal mask made by Python lists."""

    def weigh(self, scores: Tensor) -> Tensor:
        size = scores.size(-1)
        rows = [[0.0 if key <= query else -1e9 for key in range(size)] for query in range(size)]
        return super().weigh(scores + torch.tensor(rows))


form = partial(Form, family="sizes", samples=samples(x=vectors))

FORMS = (
    form("the length as an int", IntLength),
    form("the batch as an int, for detection queries", IntBatch, attentions=2),
    form("the length through numpy", NumpyLength),
    form("sinusoids made by numpy", NumpySinusoids),
    form("a table of distances kept by length", KeptTable),
    form("a causal mask made of lists", CausalList),
    form("positions resized unless they fit", Resized),
    form("positions resized to an int", ResizedTo),
    form("pooled, repeated and padded", Squeezed),
    form("blocks counted by math.ceil", Ceiled),
    form("the length through a tensor", Listed),
)
