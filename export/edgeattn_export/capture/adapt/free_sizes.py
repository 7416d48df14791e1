"""A free size stays free where PyTorch would forget it, make a number of it, or ask values for it.

Before: x.chunk(3, 1)        x (B, N, W), N free: a list, which the exporter splits by a size that it forgets
After:  x[:, : n], x[:, n : 2 * n], x[:, 2 * n :]        n = ceil(N / 3)

Before: x.view(torch.div(x.shape[1], 8, rounding_mode="trunc"), 8)      a tensor, whose value is not known
After:  x.view(x.shape[1] // 8, 8)

Before: max_pool1d(x, 4)                                 x (B, C, L): a lone axis's size is made a number
After:  max_pool2d(x[..., None, :], (1, 4))[..., 0, :]

Before: x.permute(0, 2, 3, 1).view(-1, W)                x (N, W, h, w), h and w read off a tensor
After:  x.permute(0, 2, 3, 1).clone(memory_format=contiguous).view(-1, W)

Who writes into such a copy does not write into what it is of; the proof shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.fx.experimental.symbolic_shapes import free_unbacked_symbols
from torch.nn.functional import max_pool2d

Function = Callable[..., Any]
Sizes = int | tuple[int, ...] | list[int]

_ROUNDED = ("trunc", "floor")  # the same of numbers that are not negative, as sizes are


def chunk(func: Function, x: Tensor, chunks: int, dim: int = 0) -> Any:
    """Cut an axis into chunks; PyTorch says how many there are."""
    whole = func(x, chunks, dim)
    return tuple(_slices(x, whole, dim)) if isinstance(x.shape[dim], torch.SymInt) else whole


def _slices(x: Tensor, whole: tuple[Tensor, ...], dim: int) -> Iterator[Tensor]:
    start: Any = 0
    for part in whole:
        yield x.narrow(dim, start, part.shape[dim])
        start = start + part.shape[dim]


def whole_quotient(func: Function, x: Any, other: Any, **kwargs: Any) -> Any:
    """Divide; whole numbers give a number."""
    whole = all(isinstance(value, int | torch.SymInt) for value in (x, other))
    if whole and kwargs.get("rounding_mode") in _ROUNDED and x >= 0 and other > 0:
        return x // other
    return func(x, other, **kwargs)


def max_pool(
    func: Function,
    x: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Take maxima along one axis along two, of which one is 1."""
    if return_indices:
        return func(x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    kernel = _pair(1, kernel_size)
    steps = _pair(1, stride) if stride else kernel
    flat = x.unsqueeze(-2)  # (..., 1, L)
    return max_pool2d(flat, kernel, steps, _pair(0, padding), _pair(1, dilation), ceil_mode).squeeze(-2)


def _pair(other: int, size: Sizes) -> tuple[int, int]:
    return other, size if isinstance(size, int) else size[0]


def copied_view(func: Function, x: Tensor, *form: Any, **options: Any) -> Any:
    """View a tensor; one whose sizes depend on values, as a copy of it that lies row by row."""
    if isinstance(x, FakeTensor) and free_unbacked_symbols(x.shape):
        x = x.clone(memory_format=torch.contiguous_format)
    return func(x, *form, **options)
