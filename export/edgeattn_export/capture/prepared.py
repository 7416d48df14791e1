"""A module that training has prepared for int8, as the float module that it is.

Before: linear(fq_x(x), fq_w(W), b)     fq rounds numbers to a grid, and yields floats (fake quantization)
After:  linear(x, fq_w(W), b)           W lies on its grid, and stays there; activations are not rounded

Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", section 3. The weight that an optimizer moves is none that ever multiplied anything: what was
trained is its rounding. PyTorch's flows (``torch.ao.quantization``, eager and FX) and torchao's keep fq_w in
the module that has W, so that none of their classes has to be known.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from edgeattn_export.capture.trained import FLOAT_TRAINED, Trained, lost_grids

_OF_WEIGHTS = ("weight_fake_quant", "weight_fake_quantizer")  # torch.ao's name, and torchao's
_OF_ACTIVATIONS = "activation_fake_quantizer"  # torchao's; torch.ao's have no name of their own


def as_trained(module: nn.Module) -> tuple[nn.Module, Trained]:
    """Return the float module that a prepared one is, and which of its layers have a grid.

    Args:
        module: Left as it is. One that nothing has prepared is returned itself.
    """
    if not any(_is_fake_quantizer(part) or _quantizer_of(part) for part in module.modules()):
        return module, FLOAT_TRAINED
    module = copy.deepcopy(module)
    layers: set[str] = set()
    lost: dict[str, list[str]] = {}  # by reason
    for name, part in tuple(module.named_modules()):
        quantizer = _quantizer_of(part)
        if quantizer is None:
            continue
        reason = _why_lost(part, quantizer)
        if reason is None:
            _round_weight(part, quantizer)
            layers.add(name)
        else:
            lost.setdefault(reason, []).append(name)
        _take_out(part)
    for part in tuple(module.modules()):
        _take_out(part)
    notes = (note for reason, names in lost.items() for note in lost_grids(names, reason))
    return module, Trained(frozenset(layers), tuple(notes))


def _quantizer_of(part: nn.Module) -> nn.Module | None:
    """Return what rounds the weight that a module has itself, or None."""
    found = (getattr(part, name, None) for name in _OF_WEIGHTS)
    return next((each for each in found if isinstance(each, nn.Module) and _has_weight(part)), None)


def _has_weight(part: nn.Module) -> bool:
    return isinstance(getattr(part, "weight", None), torch.Tensor)


def _why_lost(part: nn.Module, quantizer: nn.Module) -> str | None:
    enabled = getattr(quantizer, "fake_quant_enabled", None)
    if isinstance(enabled, torch.Tensor) and not enabled.any():
        return "its fake quantization is switched off"
    if isinstance(getattr(part, "bn", None), nn.Module):
        return "its weight is multiplied by a batch norm before it is rounded"
    return None


def _round_weight(part: nn.Module, quantizer: nn.Module) -> None:
    if isinstance(getattr(quantizer, "observer_enabled", None), torch.Tensor):
        quantizer.get_buffer("observer_enabled").zero_()  # else a call moves the grid, in eval mode too
    with torch.no_grad():
        weight = quantizer(part.weight)
    part.weight = nn.Parameter(weight.detach().clone(), requires_grad=False)


def _take_out(part: nn.Module) -> None:
    """Let what rounds inside a module return what it is given."""
    for name, child in tuple(part.named_children()):
        if name in (*_OF_WEIGHTS, _OF_ACTIVATIONS) or _is_fake_quantizer(child):
            setattr(part, name, nn.Identity().train(part.training))


def _is_fake_quantizer(part: nn.Module) -> bool:
    return isinstance(getattr(part, "fake_quant_enabled", None), torch.Tensor)
