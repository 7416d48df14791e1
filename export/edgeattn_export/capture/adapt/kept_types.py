"""A module that is moved to the type that it has already stays as it is.

Before: self.router = self.router.to(torch.float32)      with new parameters
After:  self.router
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

import torch
from torch import nn

_MOVE = nn.Module.to


def kept_types() -> AbstractContextManager[object]:
    """Inside the block, leave a module alone that is of the type it is moved to."""
    return mock.patch.object(nn.Module, "to", _move)


def _move(module: nn.Module, *args: Any, **options: Any) -> nn.Module:
    match args:
        case (torch.dtype() as dtype,) if not options:
            if all(value.dtype == dtype for value in module.parameters() if value.is_floating_point()):
                return module
    return _MOVE(module, *args, **options)
