"""A loop over a size in steps asks how many steps there are, not what the size is.

Before: for start in range(0, x.shape[1], 128): ...      Python's range holds no symbol, and would fix it
After:  for start in (0,): ...                           of any size up to 128

So the size is bounded, not fixed; the proof shows whether forward does otherwise beyond that.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import nn

from edgeattn_export.capture.adapt.own_names import meaning

_NAME = "range"


class _Ranges(type):
    """Says of Python's own ranges, of which there are no others, that they are of the class."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, range)


class _SymbolicRange(metaclass=_Ranges):
    """What ``range`` means inside the block."""

    def __new__(cls, *bounds: Any) -> Any:
        start, stop, step = (0, *bounds, 1) if len(bounds) == 1 else (*bounds, 1)[:3]
        if not isinstance(step, int) or step <= 1 or not any(isinstance(n, torch.SymInt) for n in bounds):
            return range(*bounds)
        starts = []
        while start < stop:  # which PyTorch decides, and notes as a bound
            starts.append(start)
            start = start + step
        return starts


def symbolic_range(module: nn.Module) -> AbstractContextManager[None]:
    """Take a module's loops over symbols as many times as they turn at an example, inside the block."""
    return meaning(module, _NAME, _SymbolicRange)
