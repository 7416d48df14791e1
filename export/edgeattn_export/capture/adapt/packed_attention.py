"""Attention within sequences that are packed one behind the other is one attention under a mask.

Before: parts = [split(x, lengths.tolist(), -2) for x in (q, k, v)]      as many parts as an input says
        cat([attention(*part) for part in zip(*parts)], -2)
After:  attention(q, k, v, mask)      mask (S, T): whether a query and a key are of one sequence

Inside this, ``split`` gives one part that stands for all of them. It can be turned about, attended with and
joined again; whatever else is done with a part stops the export.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from edgeattn_export.capture.adapt.attention import attention
from edgeattn_export.capture.adapt.symbolic_list import SymbolicList

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class PackedParts:
    """All parts of a tensor at once, behind one another along an axis.

    Attributes:
        whole: (..., S, ...).
        axis: Along which they are packed, from the front.
        owners: (S,), the number of the part to which each position belongs.
    """

    whole: Tensor
    axis: int
    owners: Tensor

    @property
    def shape(self) -> torch.Size:
        """Of all parts together."""
        return self.whole.shape

    @property
    def device(self) -> torch.device:
        """Of all parts."""
        return self.whole.device

    @property
    def dtype(self) -> torch.dtype:
        """Of all parts."""
        return self.whole.dtype

    def transpose(self, first: int, second: int) -> PackedParts:
        """Swap two axes of every part."""
        order = list(range(self.whole.dim()))
        order[first], order[second] = order[second], order[first]
        return PackedParts(self.whole.transpose(first, second), order.index(self.axis), self.owners)

    def contiguous(self) -> PackedParts:
        """Lay every part out in its order."""
        return PackedParts(self.whole.contiguous(), self.axis, self.owners)

    def reshape(self, *sizes: int) -> PackedParts:
        """Group the axes before the packed one otherwise; it and those behind it stay."""
        grouped, unchanged = self.whole.reshape(*sizes), self.whole.shape[self.axis :]
        if grouped.shape[-len(unchanged) :] != unchanged:
            raise TypeError("reshape of an axis that packs as many parts as an input says; keep that axis")
        return PackedParts(grouped, grouped.dim() - len(unchanged), self.owners)

    @classmethod
    def __torch_function__(
        cls, func: Function, types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """Compute what is known of parts.

        Raises:
            TypeError: It is not known.
        """
        compute = _ON_PARTS.get(func)
        if compute is None:
            name = getattr(func, "__name__", str(func))
            raise TypeError(f"{name} of as many parts as an input says; attention within each is expected")
        return compute(*args, **(kwargs or {}))


def split_packed(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Split a tensor; into as many parts as an input says, as one that stands for all."""
    is_packed = bool(args) and isinstance(args[0], SymbolicList)
    return (_packed(x, *args, **kwargs),) if is_packed else func(x, *args, **kwargs)


def _packed(x: Tensor, lengths: SymbolicList, dim: int = 0) -> PackedParts:
    axis = dim % x.dim()
    positions = torch.arange(x.shape[axis], device=x.device)
    owners = (positions[:, None] >= lengths.numbers.cumsum(0)).sum(-1)  # (S,)
    return PackedParts(x, axis, owners)


def _attention(
    query: PackedParts,
    key: PackedParts,
    value: PackedParts,
    attn_mask: None = None,
    dropout_p: float = 0.0,
    **rest: Any,
) -> PackedParts:
    """Attend within each part: (..., S, D), (..., T, D), (..., T, E) -> (..., S, E)."""
    if attn_mask is not None or rest.pop("is_causal", False) or value.owners.shape != key.owners.shape:
        raise TypeError(
            "attention with a mask, or over keys of other lengths, within as many parts as an input says"
        )
    within = query.owners[:, None] == key.owners  # (S, T)
    mixed = attention(
        scaled_dot_product_attention, query.whole, key.whole, value.whole, within, dropout_p, **rest
    )
    return PackedParts(mixed, query.axis, query.owners)


def _joined(parts: Sequence[PackedParts], dim: int = 0) -> Tensor:
    (part,) = parts
    if dim % part.whole.dim() != part.axis:
        raise TypeError("parts are joined along another axis than they were split along")
    return part.whole


_ON_PARTS: Mapping[Function, Function] = {
    scaled_dot_product_attention: _attention,
    torch.cat: _joined,
}
