"""Hybrids: convolutions beside attention, some of which are linear layers in another layout."""

from __future__ import annotations

from functools import partial

import torch
from forms.attention import Attention
from forms.blocks import PreNorm
from forms.form import Form
from forms.inputs import HEADS, SIZE, WIDTH, Size, samples, vectors
from torch import Tensor, nn
from torch.nn.functional import hardswish, scaled_dot_product_attention

SIDE = 8  # pixels a side
PATCH = 2


class Map(nn.Module):
    """Attention over the places of a map, then a block of convolutions."""

    def __init__(self, convolutions: nn.Module) -> None:
        super().__init__()
        self.attention, self.convolutions = Attention(), convolutions

    def forward(self, image: Tensor) -> Tensor:
        tokens = image.flatten(2).transpose(1, 2)  # (B, S, W)
        mixed = (tokens + self.attention(tokens)).transpose(1, 2).unflatten(2, (SIDE, SIDE))
        return mixed + self.convolutions(mixed)  # (B, W, H, H)


def pointwise() -> nn.Module:
    """Build an MLP of 1 x 1 convolutions (Li et al. 2022, EfficientFormer, section 3.2)."""
    return nn.Sequential(nn.Conv2d(WIDTH, 2 * WIDTH, 1), nn.GELU(), nn.Conv2d(2 * WIDTH, WIDTH, 1))


def inverted() -> nn.Module:
    """Build an inverted bottleneck (Wu et al. 2022, TinyViT, section 3.2; Sandler et al. 2018)."""
    wide = 2 * WIDTH
    return nn.Sequential(
        nn.Conv2d(WIDTH, wide, 1, bias=False),
        nn.BatchNorm2d(wide),
        nn.GELU(),
        nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=False),
        nn.BatchNorm2d(wide),
        nn.GELU(),
        nn.Conv2d(wide, WIDTH, 1, bias=False),
        nn.BatchNorm2d(WIDTH),
    )


class Affine(nn.Module):
    """One gain and one shift, learned (Cui et al. 2021, PP-LCNet, and its third version in PaddleOCR)."""

    def __init__(self) -> None:
        super().__init__()
        self.gain, self.shift = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.gain * x + self.shift


class WrittenHardSwish(nn.Module):
    """By its formula, as PaddlePaddle's converter writes it."""

    def forward(self, x: Tensor) -> Tensor:
        return x * (x + 3).clamp(0, 6) / 6


def affine() -> nn.Module:
    """Build a depthwise and a pointwise convolution, each between learned affines."""
    depthwise = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH)
    around = (Affine, WrittenHardSwish, Affine)
    layers = (depthwise, nn.Conv2d(WIDTH, WIDTH, 1))
    return nn.Sequential(*(part for layer in layers for part in (layer, *(each() for each in around))))


class Patches(nn.Module):
    """Patches that do not overlap, a class token, and a block (Dosovitskiy et al. 2020, ViT, section 3.1)."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, PATCH, stride=PATCH)
        self.first = nn.Parameter(torch.randn(1, 1, WIDTH))
        self.block = PreNorm()

    def forward(self, image: Tensor) -> Tensor:
        tokens = self.patches(image).flatten(2).transpose(1, 2)  # (B, S, W)
        return self.block(torch.cat([self.first.expand(image.size(0), -1, -1), tokens], 1))[:, 0]


class NormedRows(nn.Module):
    """Linear layers whose rows are normed as one batch (Graham et al. 2021, LeViT, section 4.2)."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.norm = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.BatchNorm1d(3 * WIDTH)
        self.output, self.last = nn.Linear(WIDTH, WIDTH, bias=False), nn.BatchNorm1d(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        rows = self.qkv(x)
        rows = self.norm(rows.flatten(0, 1)).reshape_as(rows)
        q, k, v = rows.view(*x.shape[:2], 3, HEADS, SIZE).permute(2, 0, 3, 1, 4)  # (B, H, S, D)
        mixed = scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)  # (B, S, W)
        rows = self.output(hardswish(mixed))
        return x + self.last(rows.flatten(0, 1)).reshape_as(rows)


class Sound(nn.Module):
    """A block whose MLP is 1-wide convolutions along time (Ren et al. 2019, FastSpeech, section 3.1)."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention()
        self.up, self.down = nn.Conv1d(WIDTH, 2 * WIDTH, 1), nn.Conv1d(2 * WIDTH, WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(x)
        return x + self.down(torch.relu(self.up(x.transpose(1, 2)))).transpose(1, 2)  # (B, S, W)


def feature_map(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, WIDTH, SIDE, SIDE, generator=draw)


def picture(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, 3, SIDE, SIDE, generator=draw)


form = partial(Form, family="convolutions")

FORMS = (
    form("MLP of 1 x 1 convolutions", lambda: Map(pointwise()), samples=samples(image=feature_map)),
    form("inverted bottleneck", lambda: Map(inverted()), samples=samples(image=feature_map)),
    form("learned affines around convolutions", lambda: Map(affine()), samples=samples(image=feature_map)),
    form("patches without overlap", Patches, samples=samples(image=picture)),
    form("batch norms of linear rows", NormedRows, samples=samples(x=vectors)),
    form("1-wide convolutions along time", Sound, samples=samples(x=vectors)),
)
