"""A module as an export needs it: PyTorch's own, not yet compiled, with its weights in float32."""

from __future__ import annotations

import torch
from torch import nn

from edgeattn_runtime.errors import ModelError


def plain_module(module: object) -> nn.Module:
    """Return the module that a user means: of one that ``torch.compile`` made, the one that was compiled.

    Raises:
        ModelError: It is no ``nn.Module``, or a weight matrix of it is of another float type than float32.
    """
    original = getattr(module, "_orig_mod", module)
    if not isinstance(original, nn.Module):
        raise ModelError(
            f"module: {type(original).__name__} found, an nn.Module expected; hand over the trained model"
        )
    _check_precision(original)
    return original


def _check_precision(module: nn.Module) -> None:
    for name, value in module.named_parameters():
        if value.ndim >= 2 and value.is_floating_point() and value.dtype != torch.float32:
            found = str(value.dtype).removeprefix("torch.")
            raise ModelError(
                f"{type(module).__name__}: its parameter {name!r} is {found}, float32 expected; call "
                ".float() on the module first"
            )
