"""Inputs of a module: a maker for each, and seeded samples of several batch sizes and lengths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Inputs = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Size:
    """Of one sample: rows, and tokens or steps of time."""

    batch: int
    length: int


SIZES = (Size(1, 7), Size(2, 12), Size(3, 9), Size(1, 11), Size(2, 8), Size(4, 10))

Maker = Callable[[Size, torch.Generator], Tensor]
Makers = Mapping[str, Maker]


def samples(makers: Makers, seed: int) -> list[Inputs]:
    """Draw samples, one a size."""
    draw = torch.Generator().manual_seed(seed)
    return [{name: make(size, draw) for name, make in makers.items()} for size in SIZES]
