"""``int`` of a symbol is the symbol: a size, or a number that is read off a tensor, stays free.

Before: height, width = int(grid[0, 0]), int(grid[0, 1])      Python's int holds no symbol, and would fix it
After:  height, width = sym_int(grid[0, 0].item()), ...

The name is given to the files of the packages that the module's classes come from, inside the block alone.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor

from edgeattn_export.capture.adapt.own_names import meaning

_NAME = "int"
_SYMBOLS = (torch.SymInt, torch.SymFloat)


class _WholeNumbers(type):
    """Says of Python's own whole numbers, of which there are no others, that they are of the class."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, int)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, int)


class _SymbolicInt(int, metaclass=_WholeNumbers):
    """What ``int`` means inside the block."""

    def __new__(cls, value: Any = 0, *base: Any) -> Any:
        if isinstance(value, FakeTensor):
            value = value.item()
        if isinstance(value, torch.SymBool):
            return torch.sym_ite(value, 1, 0)  # type: ignore[no-untyped-call]
        if isinstance(value, _SYMBOLS):
            return torch.sym_int(value)  # type: ignore[no-untyped-call]
        return int(value, *base)


def symbolic_int(module: nn.Module) -> AbstractContextManager[None]:
    """Keep what a module's code makes of symbols by ``int`` symbols inside the block."""
    return meaning(module, _NAME, _SymbolicInt)
