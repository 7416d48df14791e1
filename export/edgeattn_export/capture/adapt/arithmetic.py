"""Arithmetic on whole numbers and truth values is done in the type of its result.

Before: 1.0 - mask                  mask int64
After:  1.0 - mask.float()

Before: seen + shown                both bool, where a sum is "or"
After:  seen | shown

Before: mask.mean(-1, dtype=torch.float32)
After:  mask.to(torch.float32).mean(-1, dtype=torch.float32)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Function = Callable[..., Tensor]


def with_common_type(func: Function, x: Any, other: Any, **kwargs: Any) -> Tensor:
    """Call what takes two values, tensors among them of their common type."""
    common_type = torch.result_type(x, other)
    x, other = (
        v.to(common_type) if isinstance(v, Tensor) and v.dtype != common_type else v for v in (x, other)
    )
    return func(x, other, **kwargs)


def add(func: Function, x: Any, other: Any, **kwargs: Any) -> Tensor:
    """Call an addition; of truth values, "or"."""
    truths = all(isinstance(value, Tensor) and value.dtype is torch.bool for value in (x, other))
    return torch.logical_or(x, other) if truths and not kwargs else func(x, other, **kwargs)


def in_result_type(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Call an operator that takes the type in which to compute, with a tensor of that type."""
    dtype = kwargs.get("dtype")
    return func(x if dtype is None else x.to(dtype), *args, **kwargs)
