"""Seeded inputs by size: batches of 1 to 3, lengths even and odd, with padding in the later rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from forms.form import Inputs, Padding
from torch import Tensor

WIDTH = 32
HEADS = 4
SIZE = WIDTH // HEADS  # of a head
VOCABULARY = 40
LONGEST = 24

SHOWN = Padding("mask", hidden=0)
HIDDEN = Padding("padding", hidden=1)
HUGGING_FACE = Padding("attention_mask", hidden=0)


class Size(NamedTuple):
    """The sizes of one sample: rows, their length, and the length of a second sequence."""

    batch: int
    length: int
    other: int

    def swapped(self) -> Size:
        """Return the sizes as the second sequence sees them."""
        return Size(self.batch, self.other, self.length)


SIZES = (Size(1, 6, 5), Size(2, 13, 8), Size(3, 9, 12), Size(1, LONGEST, 17))

Maker = Callable[[Size, torch.Generator], Tensor]


def samples(**makers: Maker) -> Callable[[], list[Inputs]]:
    """Return what makes one dict of inputs for each of ``SIZES``."""

    def make() -> list[Inputs]:
        draw = torch.Generator().manual_seed(1)
        return [{name: maker(size, draw) for name, maker in makers.items()} for size in SIZES]

    return make


def vectors(size: Size, draw: torch.Generator) -> Tensor:
    """Make float32 (B, S, W)."""
    return torch.randn(size.batch, size.length, WIDTH, generator=draw)


def tokens(size: Size, draw: torch.Generator) -> Tensor:
    """Make int64 (B, S), from 3: a model may give the first few a meaning, such as padding."""
    return torch.randint(3, VOCABULARY, (size.batch, size.length), generator=draw)


def shown(size: Size, _: torch.Generator) -> Tensor:
    """Make an int64 mask (B, S), 0 where padding is: each row has two positions more of it."""
    kept = size.length - 2 * torch.arange(size.batch)  # (B)
    return (torch.arange(size.length) < kept[:, None]).long()  # (B, S)


def hidden(size: Size, draw: torch.Generator) -> Tensor:
    """Make a bool mask (B, S), True where padding is, as torch.nn has it."""
    return shown(size, draw) == 0


def other(maker: Maker) -> Maker:
    """Return the maker for the second sequence."""
    return lambda size, draw: maker(size.swapped(), draw)
