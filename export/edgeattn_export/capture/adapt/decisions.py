"""What forward decides by the values of a mask is decided for the case that some of it is set.

Before: if not padding.any(): padding = None             which way depends on values
After:  the way with padding

Before: for expert in is_hit.nonzero(): ...              is_hit (E): as many turns as values say
After:  for expert in range(E): ...

Before: self.experts[f"expert_{place}"]
After:  self.experts["expert_0"], as PyTorch writes a tensor () whose number is known

Where some is set and some is not, that is forward's own way. Where none is, or all is, forward leaves out
what makes no difference then, as a mixture of experts adds nothing for one that was given no token; or the
graph is not the module on samples, or on the trial that shows all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor

Function = Callable[..., Any]

_DECIDED = "_edgeattn_decided"  # of a tensor, what it is taken for
_PLACES = "_edgeattn_places"  # of the list of those that are set, the number of all


def _reduce(assumed: bool, func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Call a reduction; note what its result, of all of a mask, is taken for where no constant gives it."""
    reduced = func(x, *args, **kwargs)
    if isinstance(reduced, FakeTensor) and reduced.constant is None and not args and not kwargs:
        setattr(reduced, _DECIDED, assumed)
    return reduced


reduce_any, reduce_all = partial(_reduce, True), partial(_reduce, False)


def read_decision(func: Function, x: Tensor) -> Any:
    """Read a tensor's number, or what it is taken for."""
    assumed = getattr(x, _DECIDED, None)
    return func(x) if assumed is None else assumed


def set_places(func: Function, x: Tensor, **options: Any) -> Any:
    """List the places that are set (N, 1); note how many there are at most."""
    listed = func(x, **options)
    if isinstance(listed, FakeTensor) and x.dim() == 1 and isinstance(x.shape[0], int):
        setattr(listed, _PLACES, x.shape[0])
    return listed


def unbind_places(func: Function, x: Tensor, *args: Any, **options: Any) -> Any:
    """Unbind a tensor, as a loop over it does; the list of places that are set, as one of all."""
    places = getattr(x, _PLACES, None)
    if places is None or any((*args, *options.values())):
        return func(x, *args, **options)
    return tuple(torch.tensor([place]) for place in range(places))


def format_number(func: Function, x: Tensor, form: str) -> Any:
    """Write a tensor into a text; one number that is a constant, as that number."""
    if isinstance(x, FakeTensor) and not x.dim() and x.constant is not None:
        return format(x.constant.item(), form)
    return func(x, form)
