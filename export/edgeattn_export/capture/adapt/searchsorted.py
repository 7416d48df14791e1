"""The place of a value in a sorted list is the count of what stands before it.

Before: searchsorted(sorted, x)              sorted (N) or (..., N), x (..., M)
After:  (sorted[..., None, :] < x[..., None]).sum(-1)      (..., M); <= where right
"""

from __future__ import annotations

from typing import Any

import onnx_ir as ir
import onnxscript

op: Any = onnxscript.opset23


def searchsorted(
    sorted_sequence: ir.Value,
    x: ir.Value,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: ir.Value | None = None,
) -> ir.Value:
    """Write PyTorch's operator in ONNX."""
    if sorter is not None:
        sorted_sequence = op.GatherElements(sorted_sequence, sorter, axis=-1)
    before = op.LessOrEqual if right or side == "right" else op.Less
    is_before = before(op.Unsqueeze(sorted_sequence, [-2]), op.Unsqueeze(x, [-1]))  # (..., M, N)
    number = ir.DataType.INT32 if out_int32 else ir.DataType.INT64
    count: ir.Value = op.ReduceSum(op.Cast(is_before, to=number), [-1], keepdims=False)  # (..., M)
    return count
