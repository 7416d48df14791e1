"""Makers of inputs, of which a way to call a model is put together: (B, S tokens) or (B, T frames, ...)."""

from __future__ import annotations

import math

import torch
from hub.inputs import Size
from torch import Tensor

SQUARE = 4  # patches, which towers merge
FRAME = 320  # samples of sound in a step, about
STEPS = 8  # frames of a spectrogram in a step, about
LEAST = 5  # the first token that means nothing special


def tokens(size: Size, draw: torch.Generator, *, below: int) -> Tensor:
    return torch.randint(LEAST, below, (size.batch, size.length), generator=draw)


def mask(size: Size, draw: torch.Generator, *, times: int = 1) -> Tensor:
    """Return 1 up to each row's own length, of which the first is the longest."""
    lengths = torch.randint(size.length // 2, size.length + 1, (size.batch, 1), generator=draw)
    lengths[0] = size.length
    return (torch.arange(size.length * times)[None] < lengths * times).long()


def boxes(size: Size, draw: torch.Generator) -> Tensor:
    corner = torch.randint(0, 50, (size.batch, size.length, 2), generator=draw)
    return torch.cat([corner, corner + 10], dim=-1)  # (B, S, 4)


def normal(size: Size, draw: torch.Generator, *, shape: tuple[int, ...]) -> Tensor:
    return torch.randn(size.batch, *shape, generator=draw)


def steps(size: Size, draw: torch.Generator, *, width: int) -> Tensor:
    return torch.randn(size.batch, size.length, width, generator=draw)


def spectrogram(size: Size, draw: torch.Generator, *, mel: int, last: bool = True) -> Tensor:
    drawn = torch.randn(size.batch, STEPS * size.length, mel, generator=draw)
    return drawn if last else drawn.transpose(1, 2).contiguous()  # (B, mel, T)


def sound(size: Size, draw: torch.Generator, *, channels: int = 0) -> Tensor:
    length = 400 + FRAME * size.length
    return torch.randn(size.batch, *((channels,) if channels else ()), length, generator=draw)


def patches(size: Size, draw: torch.Generator, *, width: int, times: int = 1) -> Tensor:
    """Return the patches of an image, or of a film, one behind the other: (T * R * C, W)."""
    return torch.randn(math.prod(_grid(size, times)), width, generator=draw)


def grid(size: Size, draw: torch.Generator, *, times: int = 1) -> Tensor:
    return torch.tensor([_grid(size, times)])  # (1, 3)


def _grid(size: Size, times: int) -> tuple[int, int, int]:
    """Return how many times, rows and columns of patches there are: no two samples need have as many."""
    return times, SQUARE * size.batch, SQUARE * (1 + size.length % 2)
