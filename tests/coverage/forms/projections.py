"""Hand-written: where query, keys and values come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import torch
from forms.attention import Attention, split
from forms.form import Form
from forms.inputs import HEADS, SIZE, WIDTH, Size, other, samples, vectors
from torch import Tensor, nn

SIDE = 4  # pixels of a feature map
LATENTS = 6


class Merged(Attention):
    """One linear layer for all three, which a form takes apart."""

    def __init__(self, apart: Callable[[Tensor], Iterable[Tensor]]) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.apart = apart

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = self.apart(self.qkv(x))  # (B, S, 3*W) to (B, H, S, D) each
        return q, k, v


def unbound(qkv: Tensor) -> Iterable[Tensor]:
    """Take apart as timm's vision transformers do."""
    return qkv.reshape(*qkv.shape[:2], 3, HEADS, SIZE).permute(2, 0, 3, 1, 4).unbind(0)


def by_head(qkv: Tensor) -> Iterable[Tensor]:
    """Take apart what lies together by head, as in GPT-NeoX and BLOOM."""
    return qkv.unflatten(-1, (HEADS, 3 * SIZE)).transpose(1, 2).chunk(3, dim=-1)


class FeatureMap(Attention):
    """1 x 1 convolutions over an image's feature map (Zhang et al. 2019, SAGAN, section 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Conv2d(WIDTH, WIDTH, kernel_size=1) for _ in range(3))

    def forward(self, image: Tensor) -> Tensor:
        return super().forward(image)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        maps = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))  # (B, W, S)
        q, k, v = (part.unflatten(1, (HEADS, SIZE)).transpose(2, 3) for part in maps)  # (B, H, S, D)
        return q, k, v


class Cross(Attention):
    """Queries from one sequence, keys and values from another."""

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        q, k, v = split(self.query(x)), split(self.key(memory)), split(self.value(memory))
        return self.output(self.join(self.mix(self.weigh(self.score(q, k)), v)))


class Latents(Cross):
    """Learned queries pool a sequence (Jaegle et al. 2021, Perceiver, section 3.1)."""

    def __init__(self) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.zeros(LATENTS, WIDTH))

    def forward(self, memory: Tensor) -> Tensor:
        return super().forward(self.latents.expand(memory.size(0), -1, -1), memory)  # (B, L, W)


class WideValues(Attention):
    """Values of another size than the keys."""

    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Linear(WIDTH, 2 * WIDTH)
        self.output = nn.Linear(2 * WIDTH, WIDTH)


def _feature_map(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, WIDTH, SIDE, SIDE, generator=draw)


form = partial(Form, family="hand-written: projections", samples=samples(x=vectors))

FORMS = (
    form("one linear layer, chunk", lambda: Merged(lambda qkv: map(split, qkv.chunk(3, dim=-1)))),
    form("one linear layer, split", lambda: Merged(lambda qkv: map(split, qkv.split(WIDTH, dim=-1)))),
    form("one linear layer, unbind", lambda: Merged(unbound)),
    form("one linear layer, head by head", lambda: Merged(by_head)),
    form("values wider than keys", WideValues),
    form("1 x 1 convolutions over a feature map", FeatureMap, samples=samples(image=_feature_map)),
    form("cross-attention", Cross, samples=samples(x=vectors, memory=other(vectors))),
    form("learned queries", Latents, samples=samples(memory=vectors)),
)
