"""A tensor of one number that is made of sizes and of constants is known to hold it.

Before: frames = ceil((x.shape[-1] - kernel) / stride)     kernel, stride: buffers ()
        pad(x, (0, frames * stride + kernel - x.shape[-1]))
After:  the same in symbols, by which the axis stays free

The steps are computed as before too; who reads their number, or pads and cuts by it, is given the symbol.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from edgeattn_export.capture.adapt.lengths import TAKES_NUMBERS, numbers_in

Function = Callable[..., Any]

_KNOWN = "_edgeattn_known"  # of a tensor (), the number that it holds
_WHOLE = (int, torch.SymInt)
_NUMBERS = (*_WHOLE, torch.SymBool)


class KnownNumbers(TorchFunctionMode):
    """Inside this context, what is made of a module's constants () and of sizes is known."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._module = module
        self._constants = {name: buffer for name, buffer in module.named_buffers() if not buffer.dim()}

    def __torch_function__(
        self,
        func: Function,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Pass every call on but a reading, and note what a step makes of known numbers."""
        kwargs = kwargs or {}
        if func in _TAKES_NUMBERS:
            args, kwargs = numbers_in(tuple(args), self._known), numbers_in(dict(kwargs), self._known)
        if func in _READS and (number := self._known(args[0])) is not None:
            return _READS[func](number)
        result = func(*args, **kwargs)
        if func in _STEPS and isinstance(result, FakeTensor) and not result.dim():
            numbers = [self._number(value) for value in (args[:1] if func in _KEEPS else args)]
            if None not in numbers and (func in _KEEPS or not kwargs):
                with suppress(TypeError):  # of a quotient that is not rounded yet
                    setattr(result, _KNOWN, _STEPS[func](*numbers))
        return result

    def _known(self, value: Any) -> Any:
        """Return the number that a tensor holds; None where it is not known, or is none to read."""
        number = self._number(value) if isinstance(value, Tensor) else None
        return None if isinstance(number, _Quotient) else number

    def _number(self, value: Any) -> Any:
        if isinstance(value, _NUMBERS):
            return value
        if not isinstance(value, FakeTensor) or value.dim():
            return None
        if (number := getattr(value, _KNOWN, None)) is not None:
            return number
        constant = value.constant if value.constant is not None else next(self._buffers(value), None)
        return constant.item() if constant is not None and not constant.is_floating_point() else None

    def _buffers(self, value: FakeTensor) -> Iterator[Tensor]:
        """Yield the module's own constant that stands in this place while it is traced."""
        for name, buffer in self._module.named_buffers():
            if buffer is value and name in self._constants:
                yield self._constants[name]


@dataclass(frozen=True, slots=True)
class _Quotient:
    """A size by a number above 0: in whole numbers, as sizes are computed."""

    above: Any
    below: int

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, _WHOLE):
            return NotImplemented
        return _Quotient(self.above + other * self.below, self.below)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __ceil__(self) -> Any:
        return (self.above + self.below - 1) // self.below

    def __floor__(self) -> Any:
        return self.above // self.below


def _divided(above: Any, below: Any) -> _Quotient:
    if not isinstance(above, _WHOLE) or not isinstance(below, int) or below <= 0:
        raise TypeError("a quotient of anything but a size and a number above 0")
    return _Quotient(above, below)


def _reversed(step: Function) -> Function:
    return lambda x, other: step(other, x)


def _methods(name: str) -> tuple[Function, ...]:
    """Return PyTorch's spellings of an arithmetic, as a function and as methods."""
    owners = ((torch, name), (Tensor, name), (Tensor, f"__{name}__"))
    return tuple(getattr(owner, spelling) for owner, spelling in owners if hasattr(owner, spelling))


_KEEPS: tuple[Function, ...] = (Tensor.to, Tensor.long, Tensor.int, Tensor.clone, Tensor.detach, Tensor.float)
_STEPS: Mapping[Function, Function] = {
    **dict.fromkeys((*_methods("add"), Tensor.__radd__), operator.add),
    **dict.fromkeys(_methods("sub"), operator.sub),
    **dict.fromkeys((*_methods("mul"), Tensor.__rmul__), operator.mul),
    **dict.fromkeys((*_methods("div"), Tensor.__truediv__), _divided),
    **dict.fromkeys((*_methods("floor_divide"), Tensor.__floordiv__), operator.floordiv),
    **{func: _reversed(operator.sub) for func in (Tensor.__rsub__, torch.rsub)},
    **{func: getattr(operator, name) for name in ("gt", "lt", "ge", "le", "eq") for func in _methods(name)},
    **dict.fromkeys(_methods("maximum"), torch.sym_max),  # which max is, while a module is exported
    **dict.fromkeys(_methods("minimum"), torch.sym_min),
    **dict.fromkeys((torch.ceil, Tensor.ceil), math.ceil),
    **dict.fromkeys((torch.floor, Tensor.floor), math.floor),
    **dict.fromkeys(_KEEPS, lambda number: number),
}
_READS: Mapping[Function, Function] = {
    Tensor.item: lambda number: number,
    Tensor.__bool__: bool,
    Tensor.__int__: int,
}
_TAKES_NUMBERS = TAKES_NUMBERS | {functional.pad}
