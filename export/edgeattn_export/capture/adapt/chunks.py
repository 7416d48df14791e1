"""Chunks of an axis of a free size are slices, of which each says where it begins.

Before: x.chunk(3, 1)        x (B, N, W), N free: a list, which the exporter splits by a size that it forgets
After:  x[:, : n], x[:, n : 2 * n], x[:, 2 * n :]        n = ceil(N / 3)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

Function = Callable[..., Any]


def _chunk(func: Function, x: Tensor, chunks: int, dim: int = 0) -> Any:
    """Cut an axis into chunks; PyTorch says how many there are."""
    whole = func(x, chunks, dim)
    return tuple(_slices(x, whole, dim)) if isinstance(x.shape[dim], torch.SymInt) else whole


def _slices(x: Tensor, whole: tuple[Tensor, ...], dim: int) -> Iterator[Tensor]:
    start: Any = 0
    for part in whole:
        yield x.narrow(dim, start, part.shape[dim])
        start = start + part.shape[dim]


CHUNKS: Mapping[Function, Function] = {func: partial(_chunk, func) for func in (Tensor.chunk, torch.chunk)}
