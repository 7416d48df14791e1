"""The largest or smallest number so far, and where it stood last: by a square of places and those before.

Before: cummax(x, dim)                                   x (..., N)
After:  values: max over m <= n of x[..., m]             (..., N)
        indices: the last m <= n of which x[..., m] is that
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import onnx_ir as ir
import onnxscript

op: Any = onnxscript.opset23

Reduction = Callable[..., ir.Value]


def cummax(x: ir.Value, dim: int) -> tuple[ir.Value, ir.Value]:
    """Write PyTorch's operator in ONNX."""
    return _running_extreme(x, dim, op.ReduceMax, op.ReduceMin)


def cummin(x: ir.Value, dim: int) -> tuple[ir.Value, ir.Value]:
    """Write the same of the smallest number."""
    return _running_extreme(x, dim, op.ReduceMin, op.ReduceMax)


def _running_extreme(x: ir.Value, dim: int, best: Reduction, worst: Reduction) -> tuple[ir.Value, ir.Value]:
    if x.shape is None:
        raise TypeError("cummax or cummin: no rank found; expected a tensor whose rank no input changes")
    rank = len(x.shape)
    order = [axis for axis in range(rank) if axis != dim % rank] + [dim % rank]
    back = [order.index(axis) for axis in range(rank)]
    last = op.Transpose(x, perm=order)  # (..., N)
    positions = op.Range(0, op.Squeeze(op.Shape(last, start=rank - 1), [0]), 1)
    earlier = op.LessOrEqual(positions, op.Unsqueeze(positions, [1]))  # (N, M)
    row = op.Unsqueeze(last, [-2])  # (..., 1, M)
    values = best(op.Where(earlier, row, worst(last, keepdims=False)), [-1], keepdims=False)  # (..., N)
    is_best = op.And(earlier, op.Equal(row, op.Unsqueeze(values, [-1])))  # (..., N, M)
    indices = op.ReduceMax(op.Where(is_best, positions, -1), [-1], keepdims=False)
    return op.Transpose(values, perm=back), op.Transpose(indices, perm=back)
