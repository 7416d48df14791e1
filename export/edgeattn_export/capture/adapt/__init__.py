"""What PyTorch allows and its exporter does not: calls made otherwise, and operators translated otherwise.

To add an adaptation, write one file for its cause, with the pattern before and after in its docstring, and

- for a call that forward makes, one line in ``ADAPTED``, with what computes it while a module is exported;
- for an operator of the exported program, one line in ``TRANSLATED``, with what writes it in ONNX;
- for anything else, a context that ``tracing.traceable`` enters.

The numbers stay the same, and dynamic axes stay dynamic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from edgeattn_export.capture.adapt.arithmetic import ARITHMETIC
from edgeattn_export.capture.adapt.attention import attention
from edgeattn_export.capture.adapt.chunks import CHUNKS
from edgeattn_export.capture.adapt.complex_pairs import COMPLEX_PAIRS
from edgeattn_export.capture.adapt.decisions import DECISIONS
from edgeattn_export.capture.adapt.grouped_products import GROUPED_PRODUCTS, grouped_mm_in_turn
from edgeattn_export.capture.adapt.integer_division import INTEGER_DIVISION
from edgeattn_export.capture.adapt.packed_attention import PACKED_ATTENTION, PackedParts
from edgeattn_export.capture.adapt.pooling import POOLING
from edgeattn_export.capture.adapt.repeat_interleave import repeat_each, repeat_interleave
from edgeattn_export.capture.adapt.running_extremes import cummax, cummin
from edgeattn_export.capture.adapt.searchsorted import searchsorted
from edgeattn_export.capture.adapt.set_places import SET_PLACES
from edgeattn_export.capture.adapt.slice_scatter import slice_scatter
from edgeattn_export.capture.adapt.sort import sort
from edgeattn_export.capture.adapt.squeeze import squeeze, squeeze_all
from edgeattn_export.capture.adapt.symbolic_list import SYMBOLIC_LISTS
from edgeattn_export.capture.adapt.views import VIEWS

Function = Callable[..., Any]

ADAPTED: Mapping[Function, Function] = {
    functional.scaled_dot_product_attention: attention,
    **ARITHMETIC,
    **CHUNKS,
    **COMPLEX_PAIRS,
    **GROUPED_PRODUCTS,
    **INTEGER_DIVISION,
    **DECISIONS,
    **PACKED_ATTENTION,
    **POOLING,
    **SET_PLACES,
    **SYMBOLIC_LISTS,
    **VIEWS,
}

TRANSLATED: Mapping[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.edgeattn.grouped_mm.default: grouped_mm_in_turn,
    torch.ops.aten.cummax.default: cummax,
    torch.ops.aten.cummin.default: cummin,
    torch.ops.aten.repeat_interleave.Tensor: repeat_interleave,
    torch.ops.aten.repeat_interleave.self_int: repeat_each,
    torch.ops.aten.searchsorted.Tensor: searchsorted,
    torch.ops.aten.slice_scatter.default: slice_scatter,
    torch.ops.aten.sort.stable: sort,
    torch.ops.aten.squeeze.default: squeeze_all,
    torch.ops.aten.squeeze.dim: squeeze,
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
        computed = func if PackedParts in types else ADAPTED.get(func, func)
        return computed(*args, **(kwargs or {}))
