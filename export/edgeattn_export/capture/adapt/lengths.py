"""The longest of some lengths is the size of the axis that they are lengths of, where the contract says so.

Before: n = int((lengths // 2).max())       a number made of values, which no trace can follow
After:  n = x.shape[1] // 2

Known of an input that ``Axes.lengths`` names, and of what is made of it by steps that keep the order of
lengths: they make the same of the longest.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

Function = Callable[..., Any]
Size = int | torch.SymInt

_LONGEST = "_edgeattn_longest"  # of a tensor of integers: the largest of them
_WHOLE = (torch.int32, torch.int64)  # types that hold every size


def note_longest(lengths: Tensor, size: Size) -> None:
    """Note of a tensor that the largest of its integers is a size."""
    if lengths.dtype in _WHOLE:
        setattr(lengths, _LONGEST, size)


class SizesOfLengths(TorchFunctionMode):
    """Inside this context, who reads the longest of lengths reads the size that is noted of them."""

    def __torch_function__(
        self,
        func: Function,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Pass every call on but a reading, and note what a step makes of the longest."""
        kwargs = kwargs or {}
        if func in TAKES_NUMBERS:
            args, kwargs = numbers_in(tuple(args), _longest), numbers_in(dict(kwargs), _longest)
        longest = _longest(args[0]) if args else None
        if longest is None or func not in _RULES:
            return func(*args, **kwargs)
        return _RULES[func](func, longest, *args, **kwargs)


def _longest(value: object) -> Size | None:
    return getattr(value, _LONGEST, None) if isinstance(value, Tensor) else None


def numbers_in(value: Any, known: Callable[[Tensor], Any]) -> Any:
    """Put a number in the place of every tensor () that is known to hold it."""
    match value:
        case Tensor():
            number = None if value.dim() else known(value)
            return value if number is None else number
        case slice():
            return slice(*(numbers_in(each, known) for each in (value.start, value.stop, value.step)))
        case dict():
            return {key: numbers_in(each, known) for key, each in value.items()}
        case tuple() | list() if type(value) in (tuple, list):
            return type(value)(numbers_in(each, known) for each in value)
    return value


def _read(func: Function, longest: Size, x: Tensor, **_: Any) -> Any:
    """Read the number of a tensor of one; ``int`` makes one of the size, as it does of any."""
    if any(size != 1 for size in x.shape):
        return func(x)
    return longest if func is Tensor.item else int(longest)


def _keep(func: Function, longest: Size, x: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Call what gives the same integers, in another form or type."""
    made = func(x, *args, **kwargs)
    note_longest(made, longest)
    return made


def _reduce(func: Function, longest: Size, x: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Call a maximum: of all, or along the only axis. That with another tensor is not known."""
    reduced = func(x, *args, **kwargs)
    options = (*args, *kwargs.values())
    if not options or (x.dim() <= 1 and not any(isinstance(option, Tensor) for option in options)):
        note_longest(reduced if isinstance(reduced, Tensor) else reduced.values, longest)
    return reduced


def _step(formula: Function, least: float, func: Function, longest: Size, *args: Any, **kwargs: Any) -> Any:
    """Call arithmetic with a plain number, from ``least`` upwards, that keeps the order."""
    made, (_, number) = func(*args, **kwargs), args
    if type(number) is int and number >= least and kwargs in _EXACT:
        note_longest(made, formula(longest, number))
    return made


_EXACT: tuple[Mapping[str, Any], ...] = ({}, {"rounding_mode": "floor"})
TAKES_NUMBERS = frozenset(
    {
        *(torch.arange, torch.zeros, torch.ones, torch.full, torch.empty),
        *(Tensor.__getitem__, Tensor.expand, Tensor.view, Tensor.reshape, Tensor.narrow),
    }
)
_MADE_BY: Mapping[Function, tuple[Function, ...]] = {
    _read: (Tensor.item, Tensor.__int__, Tensor.__index__),
    _keep: (
        *(Tensor.to, Tensor.long, Tensor.int, Tensor.type, Tensor.cpu),
        *(Tensor.view, Tensor.reshape, Tensor.flatten, Tensor.clone, Tensor.detach, Tensor.contiguous),
    ),
    _reduce: (Tensor.max, torch.max, Tensor.amax, torch.amax),
    partial(_step, operator.add, -inf): (Tensor.add, torch.add),
    partial(_step, operator.sub, -inf): (Tensor.sub, torch.sub),
    partial(_step, operator.mul, 0): (Tensor.mul, torch.mul),
    partial(_step, operator.floordiv, 1): (
        *(Tensor.__floordiv__, Tensor.floor_divide, torch.floor_divide),
        *(Tensor.div, torch.div),  # which without a rounding makes floats
    ),
}
_RULES = {func: rule for rule, functions in _MADE_BY.items() for func in functions}
