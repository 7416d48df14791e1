"""Attention on any leading axes is computed on the four that the operator has: (B, H, S|T, D).

Before: scaled_dot_product_attention(q, k, v, m)     q (N, S, D), m (N, S, T): no axis for heads
After:  ... of q[:, None] (N, 1, S, D) and so on, then [:, 0]

Before: ... q (A, B, H, S, D), k (A, B, H, T, D), m (A, B, 1, S, T): more axes than four
After:  ... of q (A*B, H, S, D) and so on, and back

Before: ... q (B, H, S, D), k (B, 1, T, D) or (T, D): fewer keys than queries, which broadcasting makes up for
After:  ... of q, k (B, 1, T, D), enable_gqa=True, where only the heads differ; else of expanded ones
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Any

from torch import Tensor

HEADS = -3  # axis of (..., H, S|T, D)


def attention(
    func: Callable[..., Tensor],
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Compute attention as PyTorch's own function does, which this takes the place of.

    query (..., S, D), key (..., T, D) and value (..., T, E) have leading axes that broadcast, as the mask
    does to (..., S, T); the answer is (..., S, E). The other arguments are PyTorch's.
    """
    parts = query, key, value
    rest: dict[str, Any] = {"dropout_p": dropout_p, "is_causal": is_causal, "scale": scale}
    if max(part.dim() for part in parts) < 4 and not enable_gqa:
        query, key, value = (part.unsqueeze(HEADS) for part in parts)  # (..., 1, S|T, D)
        mask = attn_mask if attn_mask is None or attn_mask.dim() < 3 else attn_mask.unsqueeze(HEADS)
        return attention(func, query, key, value, mask, **rest).squeeze(HEADS)
    outer = _broadcast(part.shape[:HEADS] for part in parts)
    folded = [_folded(part, outer) for part in parts]  # (B, H|G, S|T, D)
    shared = _share_heads(*folded) if enable_gqa else _broadcast_heads(*folded)
    mixed = func(
        *shared, _folded_mask(attn_mask, outer), enable_gqa=shared[0].size(1) != shared[1].size(1), **rest
    )
    return mixed if len(outer) == 1 else mixed.reshape(*outer, *mixed.shape[1:])  # (..., H, S, E)


def _broadcast(shapes: Iterable[Sequence[int]]) -> tuple[int, ...]:
    axes = zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1)
    return tuple(reversed([next((size for size in axis if size != 1), 1) for axis in axes]))


def _folded(part: Tensor, outer: Sequence[int]) -> Tensor:
    """Return (..., H, S, D) as (B, H, S, D), ``outer`` being the axes that become B."""
    if part.dim() == 4 and part.shape[:1] == outer:
        return part
    part = part if part.dim() > 2 else part.unsqueeze(0)
    whole = part.expand(*outer, *part.shape[HEADS:])
    return whole.reshape(math.prod(outer), *part.shape[HEADS:])  # (B, H, S, D)


def _folded_mask(mask: Tensor | None, outer: Sequence[int]) -> Tensor | None:
    """Return a mask (..., S, T) with four axes, or with the two that it has."""
    if mask is None or mask.dim() < 3 or (mask.dim() == 4 and len(outer) == 1):
        return mask
    if any(size != 1 for size in mask.shape[:HEADS]):
        return _folded(mask, outer)
    return mask.reshape(1, *mask.shape[HEADS:])  # (1, H, S, T)


def _broadcast_heads(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return all with as many heads as one another, or keys and values with the one that they share."""
    heads = max(part.size(1) for part in (query, key, value))
    if key.size(1) == value.size(1) == 1:
        return _of_heads(query, heads), key, value
    return _of_heads(query, heads), _of_heads(key, heads), _of_heads(value, heads)


def _of_heads(part: Tensor, heads: int) -> Tensor:
    return part if part.size(1) == heads else part.expand(-1, heads, -1, -1)


def _share_heads(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return keys and values with as many heads as one another."""
    if key.size(1) == value.size(1):
        return query, key, value
    heads = query.size(1)
    key = key.repeat_interleave(heads // key.size(1), 1)
    return query, key, value.repeat_interleave(heads // value.size(1), 1)
