"""What rounds numbers to a grid while a model trains, and yields floats."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeattn_export.capture.trained_grids import Reach, reach_of


def is_fake_quantizer(part: nn.Module) -> bool:
    """Say whether a module is one of PyTorch's own, or of torchao's that go into programs."""
    return isinstance(getattr(part, "fake_quant_enabled", None), Tensor)


def is_off(quantizer: nn.Module) -> bool:
    """Say whether one of PyTorch's own lets numbers pass as they are."""
    return is_fake_quantizer(quantizer) and not quantizer.get_buffer("fake_quant_enabled").any()


def rounded(weight: Tensor, quantizer: nn.Module) -> nn.Parameter:
    """Return a weight on its grid, which stays where training left it."""
    if isinstance(getattr(quantizer, "observer_enabled", None), Tensor):
        quantizer.get_buffer("observer_enabled").zero_()  # else a call moves the grid, in eval mode too
    with torch.no_grad():
        return nn.Parameter(quantizer(weight).detach().clone(), requires_grad=False)


def reach_from(quantizer: nn.Module) -> Reach | None:
    """Return how far one of PyTorch's own reaches, with one step for all; None of others."""
    step, zero = getattr(quantizer, "scale", None), getattr(quantizer, "zero_point", None)
    if not (isinstance(step, Tensor) and isinstance(zero, Tensor) and step.numel() == zero.numel() == 1):
        return None
    if not is_fake_quantizer(quantizer) or is_off(quantizer):
        return None
    ends = (int(getattr(quantizer, name)) for name in ("quant_min", "quant_max"))
    return reach_of(step.item(), int(zero.item()), *ends)
