"""The calls that are made otherwise while a module is exported, and what makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.nn import functional
from torch.overrides import TorchFunctionMode

from edgeattn_export.capture.adapt.arithmetic import ON_WHOLE_NUMBERS
from edgeattn_export.capture.adapt.attention import attention
from edgeattn_export.capture.adapt.complex_pairs import ON_PAIRS
from edgeattn_export.capture.adapt.decisions import ON_DECISIONS
from edgeattn_export.capture.adapt.grouped_products import ON_GROUPS
from edgeattn_export.capture.adapt.packed import ON_PACKED, Packed
from edgeattn_export.capture.adapt.pooling import ON_POOLED
from edgeattn_export.capture.adapt.whole_numbers import ON_NUMBERS

Function = Callable[..., Any]

ADAPTED: Mapping[Function, Function] = {
    functional.scaled_dot_product_attention: attention,
    **ON_WHOLE_NUMBERS,
    **ON_PAIRS,
    **ON_GROUPS,
    **ON_NUMBERS,
    **ON_DECISIONS,
    **ON_PACKED,
    **ON_POOLED,
}


class Adapted(TorchFunctionMode):
    """Inside this context, what ``ADAPTED`` names is computed by what stands beside it: the same numbers."""

    def __torch_function__(
        self,
        func: Function,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Pass every call on, to what computes it here; a call on packed parts, to them."""
        computed = func if Packed in types else ADAPTED.get(func, func)
        return computed(*args, **(kwargs or {}))
