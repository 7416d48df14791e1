"""Attention without an axis for heads is given one while a module is exported: the exporter needs it.

Before: scaled_dot_product_attention(q, k, v, m)                               (N, S|T, D)
After:  scaled_dot_product_attention(q[:, None], k[:, None], v[:, None], m[:, None])[:, 0]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

HEADS = 1


class FourAxes(TorchFunctionMode):
    """Inside this context, attention of rank 3 is computed as that of one head."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Pass every call on, rank-3 attention with an axis for heads."""
        kwargs = dict(kwargs or {})
        if func is not functional.scaled_dot_product_attention or args[0].dim() != 3:
            return func(*args, **kwargs)
        mask = kwargs.get("attn_mask", args[3] if len(args) > 3 else None)
        lifted = [value.unsqueeze(HEADS) for value in args[:3]]  # (N, 1, S|T, D)
        if isinstance(mask, torch.Tensor) and mask.dim() == 3:
            mask = mask.unsqueeze(HEADS)  # (N, 1, S, T)
        kwargs["attn_mask"] = mask
        return func(*lifted, **_rest(args), **kwargs).squeeze(HEADS)  # (N, S, D)


def _rest(args: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(("dropout_p", "is_causal"), args[4:], strict=False))
