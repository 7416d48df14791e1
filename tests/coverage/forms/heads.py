"""Heads that share keys, are normalized, or learn how far and how sharply they look."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from forms.attention import Attention, distance, hide_future, split
from forms.form import Form
from forms.inputs import HEADS, LONGEST, SIZE, WIDTH, samples, vectors
from torch import Tensor, nn

RAMP = 4.0  # positions over which a span fades


class Grouped(Attention):
    """Groups of heads share keys and values (Ainslie et al. 2023); these are repeated one by one."""

    groups = 2

    def __init__(self, **steps: Callable[[Tensor], Tensor]) -> None:
        super().__init__(**steps)
        self.key, self.value = (nn.Linear(WIDTH, self.groups * SIZE) for _ in range(2))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        k, v = split(self.key(x), self.groups), split(self.value(x), self.groups)
        return split(self.query(x)), self.repeat(k), self.repeat(v)

    def repeat(self, x: Tensor) -> Tensor:
        return x.repeat_interleave(HEADS // self.groups, dim=1)  # (B, H, S, D)


def expanded(x: Tensor) -> Tensor:
    """Repeat by expand and reshape, as in Llama."""
    five = x[:, :, None].expand(-1, -1, HEADS // Grouped.groups, -1, -1)
    return five.reshape(x.size(0), HEADS, x.size(2), SIZE)  # (B, H, S, D)


class GroupedFiveAxes(Grouped):
    """The same with the groups as an axis of their own in both products."""

    def forward(self, x: Tensor) -> Tensor:
        q = split(self.query(x)).unflatten(1, (self.groups, -1))  # (B, G, H / G, S, D)
        k, v = (split(layer(x), self.groups)[:, :, None] for layer in (self.key, self.value))
        mixed = self.mix(self.weigh(self.score(q, k)), v)
        return self.output(self.join(mixed.flatten(1, 2)))


class GroupedEinsum(Grouped):
    """The same by einsum, the length before the groups."""

    def forward(self, x: Tensor) -> Tensor:
        q = self.query(x).unflatten(-1, (self.groups, -1, SIZE))  # (B, S, G, H / G, D)
        k, v = (layer(x).unflatten(-1, (self.groups, SIZE)) for layer in (self.key, self.value))
        weights = self.weigh(torch.einsum("bsgrd,btgd->bgrst", q, k) / math.sqrt(SIZE))
        return self.output(torch.einsum("bgrst,btgd->bsgrd", weights, v).flatten(2))


class MultiQuery(Grouped):
    """All heads share one (Shazeer 2019)."""

    groups = 1


class Interpretable(Attention):
    """Heads share their values, and what they make is averaged (Lim et al. 2021, section 4.4)."""

    def __init__(self) -> None:
        super().__init__()
        self.value, self.output = nn.Linear(WIDTH, SIZE), nn.Linear(SIZE, WIDTH)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return split(self.query(x)), split(self.key(x)), self.value(x)[:, None]  # (B, 1, S, D)

    def join(self, mixed: Tensor) -> Tensor:
        return mixed.mean(1)


class AveragedWeights(Interpretable):
    """The same with the weights averaged before they meet the values."""

    def mix(self, weights: Tensor, v: Tensor) -> Tensor:
        return (weights.mean(1) @ v[:, 0])[:, None]


class UnitNorm(Attention):
    """Query and keys have length 1 and a learned scale (Henry et al. 2020, QKNorm)."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(5.0))

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        q, k = (nn.functional.normalize(part, dim=-1) for part in (q, k))
        return self.scale * (q @ k.transpose(-2, -1))


class Normalized(Attention):
    """Query and keys are normalized, head by head (Dehghani et al. 2023, section 2; Qwen3)."""

    def __init__(self, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.query_norm, self.key_norm = norm(SIZE), norm(SIZE)

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        return super().score(self.query_norm(q), self.key_norm(k))


class Temperature(Attention):
    """Each head learns its own temperature (Liu et al. 2022, Swin V2, section 3.2)."""

    def __init__(self) -> None:
        super().__init__()
        self.temperature = nn.Parameter(torch.zeros(HEADS, 1, 1))

    def score(self, q: Tensor, k: Tensor) -> Tensor:
        q, k = (nn.functional.normalize(part, dim=-1) for part in (q, k))
        return (q @ k.transpose(-2, -1)) * self.temperature.clamp(max=math.log(100.0)).exp()


class QueryTemperature(Attention):
    """Each query learns its own temperature from its vector: an adaptive attention."""

    def __init__(self) -> None:
        super().__init__()
        self.temperature = nn.Linear(WIDTH, HEADS)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.project(x)
        sharpness = nn.functional.softplus(self.temperature(x)).transpose(1, 2)[..., None]  # (B, H, S, 1)
        return self.output(self.join(self.mix(self.weigh(self.score(q, k) * sharpness), v)))


class Span(Attention):
    """Each head learns how far it looks back (Sukhbaatar et al. 2019, section 3): weights fade to 0."""

    def __init__(self) -> None:
        super().__init__()
        self.span = nn.Parameter(torch.linspace(0.1, 0.5, HEADS).view(HEADS, 1, 1))

    def weigh(self, scores: Tensor) -> Tensor:
        length = scores.size(-1)
        weights = super().weigh(hide_future(scores)) * self.fade(length)
        return weights / (weights.sum(dim=-1, keepdim=True) + 1e-8)

    def fade(self, length: int) -> Tensor:
        return ((self.span.clamp(0, 1) * LONGEST + RAMP + distance(length)) / RAMP).clamp(0, 1)  # (H, S, S)


class LogSpan(Span):
    """The same before softmax: the logarithm of the fading is added to the scores."""

    def weigh(self, scores: Tensor) -> Tensor:
        faded = self.fade(scores.size(-1)).clamp(min=1e-9).log()
        return torch.softmax(hide_future(scores) + faded, dim=-1)


form = partial(Form, family="heads", samples=samples(x=vectors))

FORMS = (
    form("grouped queries, repeat_interleave", Grouped),
    form("grouped queries, expand", partial(Grouped, repeat=expanded)),
    form("grouped queries, five axes", GroupedFiveAxes),
    form("grouped queries, einsum", GroupedEinsum),
    form("multi-query, broadcast", partial(MultiQuery, repeat=lambda x: x)),  # (B, 1, S, D)
    form("multi-query, expand", partial(MultiQuery, repeat=lambda x: x.expand(-1, HEADS, -1, -1))),
    form("shared values, averaged over heads", Interpretable),
    form("weights averaged over heads", AveragedWeights),
    form("unit query and keys", UnitNorm),
    form("layer-normalized query and keys", partial(Normalized, nn.LayerNorm)),
    form("RMS-normalized query and keys", partial(Normalized, nn.RMSNorm)),
    form("learned temperature by head", Temperature),
    form("learned temperature by query", QueryTemperature),
    form("learned span", Span),
    form("learned span, added as a logarithm", LogSpan),
)
