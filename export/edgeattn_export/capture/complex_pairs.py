"""Complex tensors, as rotary positions use them, are moved about as pairs while a module is exported.

Before: z[:, None]                                              z complex (...), which the exporter refuses
After:  view_as_complex(view_as_real(z)[:, None])               view_as_real(z) real (..., 2)

The exporter multiplies complex tensors, and turns them to and from pairs, by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class ComplexPairs(TorchFunctionMode):
    """Inside this context, what moves complex numbers about moves pairs of real ones."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Pass every call on, those of ``ON_PAIRS`` with the last axis of pairs."""
        adapted = ON_PAIRS.get(func)
        if adapted is None or kwargs or not args[0].is_complex():
            return func(*args, **(kwargs or {}))
        pairs = torch.view_as_real(args[0])  # (..., 2)
        return torch.view_as_complex(func(pairs, *adapted(*args[1:])).contiguous())


def _index(index: Any) -> tuple[Any]:
    parts = index if isinstance(index, tuple) else (index,)
    return ((*parts, slice(None)) if any(part is Ellipsis for part in parts) else parts,)


def _axis(axis: int) -> tuple[int]:
    return (axis if axis >= 0 else axis - 1,)


def _sizes(last: int) -> Callable[..., tuple[int, ...]]:
    def sizes(*given: Any) -> tuple[int, ...]:
        return (*(given[0] if isinstance(given[0], tuple | list) else given), last)

    return sizes


ON_PAIRS: Mapping[Callable[..., Any], Callable[..., tuple[Any, ...]]] = {
    Tensor.__getitem__: _index,
    Tensor.unsqueeze: _axis,
    torch.unsqueeze: _axis,
    Tensor.expand: _sizes(-1),
    Tensor.reshape: _sizes(2),
    torch.reshape: _sizes(2),
    Tensor.view: _sizes(2),
}
