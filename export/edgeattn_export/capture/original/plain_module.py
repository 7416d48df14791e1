"""A module as an export needs it: PyTorch's own, not yet compiled, with its weights in float32."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from itertools import chain

import torch
from torch import nn

from edgeattn_runtime.errors import ModelError

HALF = (torch.bfloat16, torch.float16)  # whose every number float32 has too


def plain_module(module: object) -> nn.Module:
    """Return the module that a user means: of one that ``torch.compile`` made, the one that was compiled.

    Of a pipeline it is its model, and of a module in half precision a copy in float32, with a warning each.

    Raises:
        ModelError: It is no ``nn.Module``, or has TorchScript inside; or a weight matrix of it is of another
            float type, and no copy of it in float32 can be made.
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
    _check_python(inner)
    return _in_float32(inner)


def module_in(value: object) -> nn.Module | None:
    """Return the module that a value is; of a pipeline, or a module without a ``forward``, its ``model``."""
    if isinstance(value, nn.Module) and getattr(value.forward, "__func__", None) is not nn.Module.forward:
        return value
    model = getattr(value, "model", value)
    return model if isinstance(model, nn.Module) else None


def has_half_precision(module: object) -> bool:
    """True if a module that a user hands over has weights or buffers in half precision."""
    inner = module_in(getattr(module, "_orig_mod", module))
    return inner is not None and any(dtype in HALF for _, dtype in _of_other_precision(inner))


def _check_python(module: nn.Module) -> None:
    """Refuse TorchScript as a layer of a module; a whole model of it is converted, see ``torchscript``."""
    for name, part in module.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            layer = f"{type(module).__name__}: its layer {name!r} is TorchScript" if name else "TorchScript"
            kind = part.original_name
            raise ModelError(
                f"{layer} of {kind}, which torch.export cannot read inside of a Python module; nothing but "
                f"the class will do: build {kind} in Python, and load its weights: "
                "load_state_dict(scripted.state_dict())"
            )


def _in_float32(module: nn.Module) -> nn.Module:
    """Return a module with float32 weights: itself, or a copy with the same numbers."""
    other = next(_of_other_precision(module), None)
    if other is None:
        return module
    name, dtype = other
    found = f"{type(module).__name__}: its {name} is {str(dtype).removeprefix('torch.')}"
    if dtype not in HALF:
        raise ModelError(f"{found}, float32 expected; call .float() on the module first")
    try:
        single = copy.deepcopy(module).float()
    except Exception as error:
        raise ModelError(f"{found}, float32 expected; call .float() on the module first") from error
    if any(_of_other_precision(single)):
        raise ModelError(f"{found}, float32 expected, which .float() does not make of it; convert it first")
    warnings.warn(
        f"{found}: a copy in float32, by .float(), is exported and stands for the original; its samples "
        "are converted to float32 as well",
        stacklevel=3,
    )
    return single


def _of_other_precision(module: nn.Module) -> Iterator[tuple[str, torch.dtype]]:
    """Yield what is in half precision, and the weight matrices that are no float32, each by name."""
    parameters = ((f"parameter {name!r}", value) for name, value in module.named_parameters())
    buffers = ((f"buffer {name!r}", value) for name, value in module.named_buffers())
    for name, value in chain(parameters, buffers):
        is_matrix = name.startswith("parameter") and value.ndim >= 2 and value.is_floating_point()
        if value.dtype in HALF or (is_matrix and value.dtype != torch.float32):
            yield name, value.dtype
