"""A view of as many numbers as values say is a copy: whether they lie as it needs would depend on the values.

Before: x.permute(0, 2, 3, 1).view(-1, W)                  x (N, W, h, w), h and w read off a tensor
After:  x.permute(0, 2, 3, 1).clone(memory_format=contiguous).view(-1, W)

The numbers are the same. Who then writes into the view does not write into what it is of; the proof shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.fx.experimental.symbolic_shapes import free_unbacked_symbols


def _view(x: Tensor, *form: Any, **options: Any) -> Tensor:
    """View a tensor; one whose sizes depend on values, as a copy of it that lies row by row."""
    if isinstance(x, FakeTensor) and free_unbacked_symbols(x.shape):
        x = x.clone(memory_format=torch.contiguous_format)
    return x.view(*form, **options)


VIEWS: Mapping[Callable[..., Any], Callable[..., Any]] = {Tensor.view: _view}
