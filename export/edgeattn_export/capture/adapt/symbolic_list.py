"""A list of as many numbers as values say: it can be put into a longer list, of which a tensor is made again.

Before: bounds = [0]; bounds.extend(counts.cumsum(0).tolist()); torch.tensor(bounds)
After:  cat([tensor([0]), counts.cumsum(0)])

Inside this, ``tolist`` gives one element that stands for all. A list as long as an input's axis is another
matter: who reads its numbers fixes that axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.fx.experimental.symbolic_shapes import free_unbacked_symbols

_TO_LIST = FakeTensor.tolist


@dataclass(frozen=True, slots=True)
class SymbolicList:
    """The numbers of a tensor (N,), as many as an input or its values say."""

    numbers: FakeTensor

    def __iter__(self) -> Iterator[Any]:
        if free_unbacked_symbols(self.numbers.shape[0]):
            return iter((self,))
        return iter(_TO_LIST(self.numbers))  # which makes a number of their number, or is refused


def symbolic_lists() -> AbstractContextManager[object]:
    """Inside the block, a list of as many numbers as an input says stays a tensor until it is read."""
    return mock.patch.object(FakeTensor, "tolist", _to_list)  # which asks no TorchFunctionMode


def _to_list(numbers: FakeTensor) -> Any:
    is_free = numbers.dim() == 1 and isinstance(numbers.shape[0], torch.SymInt)
    return SymbolicList(numbers) if is_free else _TO_LIST(numbers)


def tensor_of_list(func: Callable[..., Tensor], data: Any, **options: Any) -> Tensor:
    """Make a tensor of a list, some of whose elements may stand for many."""
    if not isinstance(data, list) or not any(isinstance(each, SymbolicList) for each in data):
        return func(data, **options)
    options.pop("requires_grad", None)
    pieces = [each.numbers if isinstance(each, SymbolicList) else func([each]) for each in data]
    return torch.cat(pieces).to(**options)
