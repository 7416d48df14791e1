"""A view of as many numbers as values say is a copy: whether they lie as it needs depends on the values.

Before: x.permute(0, 2, 3, 1).view(-1, W)                  x (1, W, h, w), h and w read off a tensor
After:  x.permute(0, 2, 3, 1).clone(memory_format=contiguous).view(-1, W)

The numbers are the same. Where PyTorch can say how they lie, it is a view as before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode, free_unbacked_symbols


def _view(x: Tensor, *sizes: Any, **options: Any) -> Tensor:
    """View a tensor; where that depends on values, a copy of it that lies row by row."""
    try:
        return x.view(*sizes, **options)
    except GuardOnDataDependentSymNode:
        if not isinstance(x, FakeTensor) or not free_unbacked_symbols(x):
            raise
        return x.clone(memory_format=torch.contiguous_format).view(*sizes, **options)


VIEWS: Mapping[Callable[..., Any], Callable[..., Any]] = {Tensor.view: _view}
