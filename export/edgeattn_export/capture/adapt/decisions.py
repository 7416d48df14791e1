"""What forward decides by whether any, or all, of a mask is set is decided for the case that some is.

Before: if not padding.any(): padding = None             which way depends on values
After:  the way with padding

Where some is set and some is not, that is forward's own way. Where none is, or all is, forward leaves out
what makes no difference then; or the graph is not the module on samples, or on the trial that shows all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor

Function = Callable[..., Any]

_DECIDED = "_edgeattn_decided"  # of a tensor, what it is taken for


def _reduce(func: Function, assumed: bool, x: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Call a reduction; note what its result, of all of a mask, is taken for where no constant tells it."""
    reduced = func(x, *args, **kwargs)
    if isinstance(reduced, FakeTensor) and reduced.constant is None and not args and not kwargs:
        setattr(reduced, _DECIDED, assumed)
    return reduced


def _read_number(func: Function, x: Tensor) -> Any:
    """Read a tensor's number, or what it is taken for."""
    assumed = getattr(x, _DECIDED, None)
    return func(x) if assumed is None else assumed


DECISIONS: Mapping[Function, Function] = {
    **{func: partial(_reduce, func, True) for func in (Tensor.any, torch.any)},
    **{func: partial(_reduce, func, False) for func in (Tensor.all, torch.all)},
    **{func: partial(_read_number, func) for func in (Tensor.__bool__, Tensor.item)},
}
