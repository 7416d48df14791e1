"""``len``, ``range`` and ``int`` return plain numbers, which would fix an axis: forward gets others.

Before: batch = len(x)                               After: batch = x.shape[0]
Before: for start in range(0, x.shape[1], 128): ...  After: for start in (0,): ...     of any size up to 128
Before: height = int(grid[0, 0])                     After: height = sym_int(grid[0, 0].item())

A loop in steps bounds the size that it is over; the proof shows whether forward does otherwise beyond that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor

_SYMBOLS = (torch.SymInt, torch.SymFloat)


def _symbolic_len(value: Any) -> Any:
    """Return the size of a tensor's first axis; one without axes has none, as Python says."""
    return value.shape[0] if isinstance(value, Tensor) and value.dim() else len(value)


class _Own(type):
    """Says of values of Python's own class, of which there are no others, that they are of this one."""

    own: type

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.own)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, cls.own)


class _SymbolicRange(metaclass=_Own):
    """A loop over a size in steps asks how many steps there are, not what the size is."""

    own = range

    def __new__(cls, *bounds: Any) -> Any:
        start, stop, step = (0, *bounds, 1) if len(bounds) == 1 else (*bounds, 1)[:3]
        if not isinstance(step, int) or step <= 1 or not any(isinstance(n, torch.SymInt) for n in bounds):
            return range(*bounds)
        starts = []
        while start < stop:  # which PyTorch decides, and notes as a bound
            starts.append(start)
            start = start + step
        return starts


class _SymbolicInt(int, metaclass=_Own):
    """A size, or a number that is read off a tensor, stays free."""

    own = int

    def __new__(cls, value: Any = 0, *base: Any) -> Any:
        if isinstance(value, FakeTensor):
            value = value.item()
        if isinstance(value, torch.SymBool):
            return torch.sym_ite(value, 1, 0)  # type: ignore[no-untyped-call]
        if isinstance(value, _SYMBOLS):
            return torch.sym_int(value)  # type: ignore[no-untyped-call]
        return int(value, *base)


SYMBOLIC_SIZES: Mapping[str, object] = {"len": _symbolic_len, "range": _SymbolicRange}
SYMBOLIC_NUMBERS: Mapping[str, object] = {"int": _SymbolicInt}
