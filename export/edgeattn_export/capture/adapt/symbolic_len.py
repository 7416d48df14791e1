"""``len`` of a tensor is the size of its first axis, which stays a symbol.

Before: batch = len(x)             Python's len returns a plain number, and would fix the axis
After:  batch = x.shape[0]
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from torch import Tensor, nn

from edgeattn_export.capture.adapt.own_names import meaning

_NAME = "len"


def _symbolic_len(value: Any) -> Any:
    """What ``len`` means inside the block; a tensor without axes has none, as Python says."""
    return value.shape[0] if isinstance(value, Tensor) and value.dim() else len(value)


def symbolic_len(module: nn.Module) -> AbstractContextManager[None]:
    """Keep the first sizes of tensors that a module's code asks by ``len`` symbols inside the block."""
    return meaning(module, _NAME, _symbolic_len)
