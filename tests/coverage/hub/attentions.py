"""How many attentions a module computes: counted in PyTorch, whatever they are written with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

FUSED = "scaled_dot_product"
SOFTMAX = ("_softmax", "_safe_softmax")
PRODUCTS = ("bmm", "baddbmm", "mm")
CUTS = ("constant_pad_nd", "as_strided", "slice", "select")  # as those of a sliding window


class _Counting(TorchDispatchMode):
    """Counts fused attentions, and softmaxes whose result meets a product as one of its factors."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self._weights: dict[int, torch.Tensor] = {}  # kept, so that no other tensor is given its id

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        weights = [value for value in args if isinstance(value, torch.Tensor) and id(value) in self._weights]
        if FUSED in name:
            self.count += 1
        elif name in SOFTMAX and args[0].ndim > 2:
            self._weights[id(found)] = found
        elif weights and name in PRODUCTS:
            self.count += 1
            for value in weights:
                del self._weights[id(value)]
        elif weights and isinstance(found, torch.Tensor) and _is_still(name, found, weights[0]):
            self._weights[id(found)] = found
        return found


def _is_still(operator: str, found: torch.Tensor, weights: torch.Tensor) -> bool:
    """Say whether weights are still such: reshaped, scaled, masked, padded or cut."""
    return found.numel() == weights.numel() or operator in CUTS


def attentions(module: nn.Module, inputs: Mapping[str, torch.Tensor]) -> int:
    """Return the number of attentions in one call."""
    counting = _Counting()
    with torch.no_grad(), counting:
        module(**inputs)
    return counting.count
