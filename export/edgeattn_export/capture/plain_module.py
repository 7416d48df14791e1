"""A module as an export needs it: PyTorch's own, not yet compiled, with its weights in float32."""

from __future__ import annotations

import warnings

import torch
from torch import nn

from edgeattn_runtime.errors import ModelError


def plain_module(module: object) -> nn.Module:
    """Return the module that a user means: of one that ``torch.compile`` made, the one that was compiled.

    Of a pipeline it is its model, with a warning.

    Raises:
        ModelError: It is no ``nn.Module``, or a weight matrix of it is of another float type than float32.
    """
    original = getattr(module, "_orig_mod", module)
    inner = module_in(original)
    if inner is None:
        raise ModelError(
            f"module: {type(original).__name__} found, an nn.Module expected; hand over the trained model"
        )
    if inner is not original:
        warnings.warn(
            f"{type(original).__name__} is no module that can be called: its attribute model, "
            f"{type(inner).__name__}, is exported, without what is done before and after it",
            stacklevel=2,
        )
        return plain_module(inner)
    _check_precision(inner)
    return inner


def module_in(value: object) -> nn.Module | None:
    """Return the module that a value is; of a pipeline, or a module without a ``forward``, its ``model``."""
    if isinstance(value, nn.Module) and getattr(value.forward, "__func__", None) is not nn.Module.forward:
        return value
    model = getattr(value, "model", value)
    return model if isinstance(model, nn.Module) else None


def _check_precision(module: nn.Module) -> None:
    for name, value in module.named_parameters():
        if value.ndim >= 2 and value.is_floating_point() and value.dtype != torch.float32:
            dtype = str(value.dtype).removeprefix("torch.")
            raise ModelError(
                f"{type(module).__name__}: its parameter {name!r} is {dtype}, float32 expected; call "
                ".float() on the module first"
            )
