"""What PyTorch allows and its exporter does not: calls made otherwise, and operators translated otherwise.

To add an adaptation, write a function in the file for its cause, with the pattern before and after in that
file's docstring, and

- for calls that forward makes, one line in ``_CALLS``: the function is given what was called, and with what;
- for an operator of the exported program, one line in ``operators.TRANSLATED``;
- for anything else, a context that ``tracing.traceable`` enters.

The numbers stay the same, and dynamic axes stay dynamic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from edgeattn_export.capture.adapt.arithmetic import add, in_result_type, with_common_type
from edgeattn_export.capture.adapt.attention import attention
from edgeattn_export.capture.adapt.complex_pairs import WITH_PAIRS, move_pairs
from edgeattn_export.capture.adapt.decisions import (
    format_number,
    read_decision,
    reduce_all,
    reduce_any,
    set_places,
    unbind_places,
)
from edgeattn_export.capture.adapt.free_sizes import chunk, copied_view, max_pool, whole_quotient
from edgeattn_export.capture.adapt.grouped_products import product_by_group
from edgeattn_export.capture.adapt.packed_attention import PackedParts, split_packed
from edgeattn_export.capture.adapt.symbolic_list import tensor_of_list

Function = Callable[..., Any]

_CALLS: Mapping[Function, Sequence[Function]] = {
    attention: (functional.scaled_dot_product_attention,),
    with_common_type: (
        *(Tensor.__rsub__, Tensor.sub, torch.sub, torch.subtract, torch.rsub),
        *(Tensor.__floordiv__, Tensor.floor_divide, torch.floor_divide),
    ),
    add: (Tensor.__add__, Tensor.add, torch.add),
    in_result_type: (
        *(Tensor.mean, torch.mean, Tensor.softmax, torch.softmax, functional.softmax),
        *(Tensor.log_softmax, torch.log_softmax, functional.log_softmax),
    ),
    chunk: (Tensor.chunk, torch.chunk),
    whole_quotient: (torch.div,),
    max_pool: (functional.max_pool1d, torch.max_pool1d),
    copied_view: (Tensor.view,),
    move_pairs: tuple(WITH_PAIRS),
    product_by_group: (functional.grouped_mm, torch._grouped_mm),
    reduce_any: (Tensor.any, torch.any),
    reduce_all: (Tensor.all, torch.all),
    read_decision: (Tensor.__bool__, Tensor.item),
    set_places: (Tensor.nonzero, torch.nonzero),
    unbind_places: (Tensor.unbind, torch.unbind),
    format_number: (Tensor.__format__,),
    split_packed: (Tensor.split, torch.split),
    tensor_of_list: (torch.tensor,),
}
_ADAPTED = {func: adaptation for adaptation, functions in _CALLS.items() for func in functions}


class Adapted(TorchFunctionMode):
    """Inside this context, what ``_CALLS`` lists is computed by its adaptation: the same numbers."""

    def __torch_function__(
        self,
        func: Function,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Pass every call on, to what computes it here; a call on packed parts, to them."""
        if func in _ADAPTED and PackedParts not in types:
            return _ADAPTED[func](func, *args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))
