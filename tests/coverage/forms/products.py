"""Hand-written: the two products, QK^T and the weights times V."""

from __future__ import annotations

import math
from functools import partial

import torch
from forms.attention import Attention, hide_future
from forms.form import Form
from forms.inputs import HEADS, SIZE, WIDTH, samples, vectors
from torch import Tensor, nn


class Einsum(Attention):
    """Heads are never transposed: einsum finds them."""

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (layer(x).unflatten(-1, (HEADS, SIZE)) for layer in (self.query, self.key, self.value))
        weights = (torch.einsum("bqhd,bkhd->bhqk", q, k) / math.sqrt(SIZE)).softmax(-1)  # (B, H, S, S)
        return self.output(torch.einsum("bhqk,bkhd->bqhd", weights, v).flatten(2))  # (B, S, W)


class Folded(Attention):
    """Heads are folded into the batch for bmm."""

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = (part.reshape(-1, x.size(1), SIZE) for part in super().project(x))  # (B*H, S, D)
        return q, k, v

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return torch.bmm(q, k.transpose(1, 2)) / math.sqrt(SIZE)  # (B*H, S, S)

    def mix(self, weights: Tensor, v: Tensor) -> Tensor:
        return torch.bmm(weights, v).unflatten(0, (-1, HEADS))  # (B, H, S, D)


def baddbmm(q: Tensor, k: Tensor) -> Tensor:
    """Scale the product and add a bias to it in one call, here a causal one."""
    future = torch.full((q.size(1), q.size(1)), float("-inf")).triu(1)  # (S, S)
    return torch.baddbmm(future[None], q, k.transpose(1, 2), alpha=SIZE**-0.5)  # (B*H, S, S)


def unfolded(scores: Tensor) -> Tensor:
    """Lay the mask on scores that have their heads back, as in BLOOM."""
    scores = hide_future(scores.unflatten(0, (-1, HEADS)), -1e9)  # (B, H, S, S)
    return torch.softmax(scores, dim=-1).flatten(0, 1)  # (B*H, S, S)


class KeysTransposed(Attention):
    """The keys are split into heads and transposed in one permute."""

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, _, v = super().project(x)
        return q, self.key(x).unflatten(-1, (HEADS, SIZE)).permute(0, 2, 3, 1), v  # (B, H, D, S)

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return q @ k / math.sqrt(SIZE)  # (B, H, S, S)


class OneHead(Attention):
    """A single head, so three axes throughout."""

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.query(x), self.key(x), self.value(x)  # (B, S, W)

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return q @ k.mT / math.sqrt(WIDTH)  # (B, S, S)

    def join(self, mixed: Tensor) -> Tensor:
        return mixed


class HeadByHead(nn.Module):
    """A module for each head; their outputs are concatenated."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(OneHead() for _ in range(heads))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([head(x) for head in self.heads], dim=-1)  # (B, S, heads*W)


form = partial(Form, family="hand-written: products", samples=samples(x=vectors))

FORMS = (
    form("matmul, as in models/digits", Attention),
    form("einsum", Einsum),
    form("bmm on folded heads", Folded),
    form("baddbmm with its bias", partial(Folded, score=baddbmm)),
    form("bmm on folded heads, unfolded for the mask", partial(Folded, weigh=unfolded)),
    form("keys permuted once", KeysTransposed),
    form(
        "keys times query",
        partial(
            Attention,
            score=lambda q, k: k @ q.mT / math.sqrt(SIZE),  # (B, H, T, S)
            weigh=lambda scores: torch.softmax(scores, dim=-2).mT,  # (B, H, S, T)
        ),
    ),
    form("one head, three axes", OneHead),
    form("a module for each head", lambda: HeadByHead(2), attentions=2),
)
