"""Complex tensors, as rotary positions use them, are moved about as pairs while a module is exported.

Before: z[:, None]                                              z complex (...), which the exporter refuses
After:  view_as_complex(view_as_real(z)[:, None])               view_as_real(z) real (..., 2)

The exporter multiplies complex tensors, and turns them to and from pairs, by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

Function = Callable[..., Tensor]


def _index(index: Any) -> tuple[Any]:
    parts = index if isinstance(index, tuple) else (index,)
    return ((*parts, slice(None)) if any(part is Ellipsis for part in parts) else parts,)


def _axis(axis: int) -> tuple[int]:
    return (axis if axis >= 0 else axis - 1,)


def _sizes(last: int) -> Callable[..., tuple[int, ...]]:
    def sizes(*arguments: Any) -> tuple[int, ...]:
        return (*(arguments[0] if isinstance(arguments[0], tuple | list) else arguments), last)

    return sizes


WITH_PAIRS: Mapping[Function, Callable[..., tuple[Any, ...]]] = {  # arguments, with the axis of pairs
    Tensor.__getitem__: _index,
    Tensor.unsqueeze: _axis,
    torch.unsqueeze: _axis,
    Tensor.expand: _sizes(-1),
    Tensor.reshape: _sizes(2),
    torch.reshape: _sizes(2),
}


def move_pairs(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Call what moves ``x`` about; where ``x`` is complex, with its pairs for it."""
    if kwargs or not x.is_complex():
        return func(x, *args, **kwargs)
    pairs = torch.view_as_real(x)  # (..., 2)
    return torch.view_as_complex(func(pairs, *WITH_PAIRS[func](*args)).contiguous())
