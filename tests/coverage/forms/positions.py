"""How attention learns of positions: added to its input, turned into its query, or laid on its scores."""

from __future__ import annotations

import math
from functools import partial

import torch
from forms.attention import Attention, MaskedAttention, causal, distance, hide_future
from forms.form import Form
from forms.inputs import HEADS, LONGEST, SHOWN, SIZE, WIDTH, samples, shown, vectors
from torch import Tensor, nn


class Learned(Attention):
    """A table of positions, cut to the length."""

    def __init__(self) -> None:
        super().__init__()
        self.position = nn.Embedding(LONGEST, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + self.position(torch.arange(x.size(1))))


class Sinusoidal(Attention):
    """Sines and cosines of the position (Vaswani et al. 2017, section 3.5)."""

    def forward(self, x: Tensor) -> Tensor:
        rates = torch.exp(torch.arange(0, WIDTH, 2) * (-math.log(10000.0) / WIDTH))
        angles = torch.arange(x.size(1))[:, None] * rates  # (S, W / 2)
        return super().forward(x + torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1))  # (B, S, W)


class RotaryHalf(Attention):
    """Query and keys are turned by their position, the first half with the second, as in GPT-NeoX.

    Su et al. 2021, RoFormer, section 3.2.
    """

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = super().project(x)
        return self.turn(q), self.turn(k), v

    def turn(self, x: Tensor) -> Tensor:
        angles = torch.cat([_angles(*x.shape[-2:])] * 2, dim=-1)  # (S, D)
        first, second = x.chunk(2, dim=-1)
        return x * angles.cos() + torch.cat((-second, first), dim=-1) * angles.sin()


class RotaryInterleaved(RotaryHalf):
    """The same, each even number with the odd one that follows it, as in the paper."""

    def turn(self, x: Tensor) -> Tensor:
        angles = _angles(*x.shape[-2:])  # (S, D / 2)
        even, odd = x[..., 0::2], x[..., 1::2]
        turned = even * angles.cos() - odd * angles.sin(), even * angles.sin() + odd * angles.cos()
        return torch.stack(turned, dim=-1).flatten(-2)  # (B, H, S, D)


class RotaryPartial(RotaryHalf):
    """Only half of each head is turned, as in GPT-J."""

    def turn(self, x: Tensor) -> Tensor:
        turned, kept = x.split(SIZE // 2, dim=-1)
        return torch.cat((super().turn(turned), kept), dim=-1)


class RotaryCausalPadded(MaskedAttention, RotaryHalf):
    """Rotary positions under a causal and a padding mask."""

    def lay(self, scores: Tensor, shown: Tensor) -> Tensor:
        both = causal(scores.size(-1)) & shown.bool()  # (B, 1, S, S)
        return scores.masked_fill(~both, torch.finfo(scores.dtype).min)


class Alibi(Attention):
    """Each head subtracts the distance, times its slope (Press et al. 2022, section 3)."""

    def weigh(self, scores: Tensor) -> Tensor:
        slopes = 2.0 ** (-8 * torch.arange(1, HEADS + 1) / HEADS)
        bias = -slopes[:, None, None] * distance(scores.size(-1)).abs()  # (H, S, S)
        return super().weigh(scores + bias)


class AlibiCausal(Alibi):
    """The same under a causal mask, as in BLOOM."""

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return hide_future(super().score(q, k))


class Buckets(Attention):
    """A learned bias by head and distance, shared by all distances beyond the last (T5's, made simple).

    Raffel et al. 2020, section 2.1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Embedding(2 * SIZE + 1, HEADS)

    def weigh(self, scores: Tensor) -> Tensor:
        bucket = distance(scores.size(-1)).clamp(-SIZE, SIZE) + SIZE  # (S, S)
        return super().weigh(scores + self.bias(bucket).permute(2, 0, 1)[None])  # (1, H, S, S)


class RelativeKeys(Attention):
    """A learned vector by distance is multiplied with the query (Shaw et al. 2018, section 3.2)."""

    def __init__(self) -> None:
        super().__init__()
        self.distances = nn.Embedding(2 * LONGEST - 1, SIZE)

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        vectors = self.distances(distance(q.size(-2)) + LONGEST - 1)  # (S, S, D)
        relative = torch.einsum("bhqd,qkd->bhqk", q, vectors)
        return (q @ k.transpose(-2, -1) + relative) / math.sqrt(SIZE)


def _angles(length: int, size: int) -> Tensor:
    rates = 10000.0 ** (-torch.arange(0, size, 2) / size)
    return torch.arange(length)[:, None] * rates  # (S, size / 2)


form = partial(Form, family="positions", samples=samples(x=vectors))

FORMS = (
    form("learned", Learned),
    form("sinusoidal", Sinusoidal),
    form("rotary, halves", RotaryHalf),
    form("rotary, interleaved", RotaryInterleaved),
    form("rotary, part of the head", RotaryPartial),
    form(
        "rotary, causal and padding",
        RotaryCausalPadded,
        samples=samples(x=vectors, mask=shown),
        padding=SHOWN,
    ),
    form("ALiBi", Alibi),
    form("ALiBi, causal", AlibiCausal),
    form("relative bias in buckets (T5)", Buckets),
    form("relative keys (Shaw)", RelativeKeys),
)
