"""Maxima along one axis are taken along two, of which one is 1: PyTorch makes a number of a lone axis's size.

Before: max_pool1d(x, 4)                                  x (B, C, L)
After:  max_pool2d(x[..., None, :], (1, 4))[..., 0, :]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Function = Callable[..., Any]
Sizes = int | tuple[int, ...] | list[int]


def _pool(
    func: Function,
    x: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    if return_indices:
        return func(x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    kernel = _pair(1, kernel_size)
    steps = _pair(1, stride) if stride else kernel
    flat = x.unsqueeze(-2)  # (..., 1, L)
    pooled = functional.max_pool2d(flat, kernel, steps, _pair(0, padding), _pair(1, dilation), ceil_mode)
    return pooled.squeeze(-2)


def _pair(other: int, size: Sizes) -> tuple[int, int]:
    return other, size if isinstance(size, int) else size[0]


POOLING: Mapping[Function, Function] = {
    func: partial(_pool, func) for func in (functional.max_pool1d, torch.max_pool1d)
}
