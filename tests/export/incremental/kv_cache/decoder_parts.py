"""The attention and the positions of small decoders, as they are written by hand.

An attention makes (B, H, S, D) of queries like it, keys and values (B, G, S, D). Positions are given to
(B, S, W): learned or computed, looked up or cut.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

HEADS, SIZE = 4, 4
WIDTH = HEADS * SIZE
LONGEST = 32


def distances(q: Tensor) -> Tensor:
    place = torch.arange(q.size(2))
    return place[:, None] - place[None, :]  # (S, S): how far a key lies before its query


def scaled_scores(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.mT / math.sqrt(SIZE)


class Lower(nn.Module):
    """A causal mask kept as a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.ones(LONGEST, LONGEST).tril().view(1, 1, LONGEST, LONGEST))

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        length = q.size(2)
        masked_out = self.seen[:, :, :length, :length] == 0
        return scaled_scores(q, k).masked_fill(masked_out, -math.inf).softmax(-1) @ v


class Relative(nn.Module):
    """A learned bias a head for each distance, the longest being one."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(6, HEADS)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        distance = distances(q)
        bias = self.table(distance.clamp(0, 5)).permute(2, 0, 1)[None]  # (1, H, S, S)
        return (scaled_scores(q, k) + bias).masked_fill(distance < 0, -math.inf).softmax(-1) @ v


class Sink(nn.Module):
    """A window of 4 and a learned score beside it for each head, as in GPT-OSS; scores are capped."""

    def __init__(self) -> None:
        super().__init__()
        self.sink = nn.Parameter(torch.randn(HEADS, 1, 1))

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        k, v = (x.repeat_interleave(HEADS // x.size(1), dim=1) for x in (k, v))
        distance = distances(q)
        capped = 2 * torch.tanh(scaled_scores(q, k) / 2)
        scores = capped.masked_fill((distance < 0) | (distance >= 4), -math.inf)
        sink = self.sink.expand(q.size(0), -1, q.size(2), -1)  # (B, H, S, 1)
        return torch.cat([scores, sink], -1).softmax(-1)[..., :-1] @ v


class AlibiTable(nn.Module):
    """ALiBi's bias for the longest text, cut to the query; ``cut`` makes (..., H, S, S) of (H, L, L)."""

    def __init__(self, cut: Callable[[Tensor, int], Tensor]) -> None:
        super().__init__()
        place = torch.arange(LONGEST)
        distance = place[:, None] - place[None, :]
        slopes = 2.0 ** -torch.arange(1, HEADS + 1).view(HEADS, 1, 1)
        self.register_buffer("bias", (-distance * slopes).masked_fill(distance < 0, -math.inf))
        self.cut = cut

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=self.cut(self.bias, q.size(2)))


def from_the_end(table: Tensor, length: int) -> Tensor:
    return table[:, table.size(1) - length :, table.size(2) - length :]


def picked(table: Tensor, length: int) -> Tensor:
    place = torch.arange(length)
    return table[:, place[:, None], place[None, :]]


def upper(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (scaled_scores(q, k) + torch.full((q.size(2), q.size(2)), -math.inf).triu(1)).softmax(-1) @ v


def alibi(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    distance = distances(q)
    slopes = 2.0 ** -torch.arange(1, HEADS + 1).view(1, HEADS, 1, 1)
    return (scaled_scores(q, k) - distance * slopes).masked_fill(distance < 0, -math.inf).softmax(-1) @ v


def window(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    distance = distances(q)
    seen = (distance >= 0) & (distance < 4)
    return nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)


def own_sink(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores = scaled_scores(q, k).masked_fill(distances(q) < 0, -math.inf)
    return torch.cat([scores, q.mean(-1, keepdim=True)], -1).softmax(-1)[..., :-1] @ v


def rotary(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    angle = torch.arange(q.size(2))[:, None] * torch.tensor([1.0, 0.1, 1.0, 0.1])  # (S, D)
    q, k = (
        x * angle.cos() + torch.cat((-x[..., SIZE // 2 :], x[..., : SIZE // 2]), -1) * angle.sin()
        for x in (q, k)
    )
    k, v = (x.repeat_interleave(HEADS // x.size(1), dim=1) for x in (k, v))
    return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


def single(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return upper(q, k.expand(-1, HEADS, -1, -1), v.expand(-1, HEADS, -1, -1))


def causal(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


def everywhere(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return nn.functional.scaled_dot_product_attention(q, k, v)


def weighed_twice(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    weights = scaled_scores(q, k).masked_fill(distances(q) < 0, -math.inf).softmax(-1)
    return weights @ v + weights.amax(-1, keepdim=True)


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
