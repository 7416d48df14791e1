"""A loop over the places of a mask that are set takes all its places in turn, whether set or not.

Before: for expert in is_hit.nonzero(): ...      is_hit (E): as many turns as values say
After:  for expert in range(E): ...

Before: self.experts[f"expert_{place}"]
After:  self.experts["expert_0"], as PyTorch writes a tensor () whose number is known

So a mixture of experts is written that asks each what the tokens are which it was given. Where it was given
none, it adds nothing; a loop of which that is not so is not the module's, on some sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor

Function = Callable[..., Any]

_PLACES = "_edgeattn_places"  # of the list of those that are set, the number of all


def _nonzero(func: Function, x: Tensor, **options: Any) -> Any:
    """List the places that are set (N, 1); note how many there are at most."""
    listed = func(x, **options)
    if isinstance(listed, FakeTensor) and x.dim() == 1 and isinstance(x.shape[0], int):
        setattr(listed, _PLACES, x.shape[0])
    return listed


def _unbind(func: Function, x: Tensor, *args: Any, **options: Any) -> Any:
    """Unbind a tensor, as a loop over it does; the list of places that are set, as one of all."""
    places = getattr(x, _PLACES, None)
    if places is None or any((*args, *options.values())):
        return func(x, *args, **options)
    return tuple(torch.tensor([place]) for place in range(places))


def _format(x: Tensor, form: str) -> str:
    """Write a tensor into a text; one number that is a constant, as that number."""
    if isinstance(x, FakeTensor) and not x.dim() and x.constant is not None:
        return format(x.constant.item(), form)
    return format(x, form)


SET_PLACES: Mapping[Function, Function] = {
    **{func: partial(_nonzero, func) for func in (Tensor.nonzero, torch.nonzero)},
    **{func: partial(_unbind, func) for func in (Tensor.unbind, torch.unbind)},
    Tensor.__format__: _format,
}
