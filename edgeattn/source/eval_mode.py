"""A module as it answers in production: dropout off, batch statistics frozen."""

from __future__ import annotations

import warnings

from torch import nn


def in_eval_mode(module: nn.Module) -> None:
    """Put a module that is not wholly in eval mode there, with a warning."""
    if any(part.training for part in module.modules()):
        module.eval()
        warnings.warn(
            f"{type(module).__name__} was in training mode and is now in eval mode; call .eval() beforehand",
            stacklevel=3,
        )
