"""A division of whole numbers gives a number: as a tensor, a size would become a value that is not known.

Before: x.view(torch.div(x.shape[1], 8, rounding_mode="trunc"), 8)
After:  x.view(x.shape[1] // 8, 8)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

_ROUNDED = ("trunc", "floor")  # the same of numbers that are not negative, as sizes are


def _divide(x: Any, other: Any, **kwargs: Any) -> Any:
    whole = all(isinstance(value, int | torch.SymInt) for value in (x, other))
    if whole and kwargs.get("rounding_mode") in _ROUNDED and x >= 0 and other > 0:
        return x // other
    return torch.div(x, other, **kwargs)


INTEGER_DIVISION: Mapping[Callable[..., Any], Callable[..., Any]] = {torch.div: _divide}
