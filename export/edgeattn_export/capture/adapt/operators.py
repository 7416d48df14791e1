"""Operators of an exported program that PyTorch has no translation to ONNX for, or one only for fixed sizes.

``repeat_interleave(counts)``   counts (N); ``output_size`` says what the counts say too
    ends = cumsum(counts); (ends <= arange(ends[-1])[:, None]).sum(-1)
``repeat_interleave(x, n, dim)``   x (..., D, ...), n a number that a tensor holds
    x[..., None, ...] expanded to (..., D, n, ...), its two axes made one
``cummax(x, dim)``   x (..., N)
    values: max over m <= n of x[..., m]; indices: the last m <= n of which x[..., m] is that
``searchsorted(sorted, x)``   sorted (N) or (..., N), x (..., M)
    (sorted[..., None, :] < x[..., None]).sum(-1), the count of what stands before; <= where right
``x[:, a:b] = y``, which PyTorch scatters index by index
    Concat(x[:, :a], y, x[:, b:])
``sort(x)``
    TopK(x, size of the axis), to which of equal numbers the first stands first, as to a stable sort
``squeeze(x, 1)``   x (B, S, W), S free, which torch.export takes for another size than 1
    x
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import onnx_ir as ir
import onnxscript
import torch
from onnxscript.function_libs.torch_lib.ops.core import aten_slice_scatter

from edgeattn_export.capture.adapt.grouped_products import grouped_mm_in_turn

op: Any = onnxscript.opset23
LAST = sys.maxsize  # as torch.export writes an end of a slice that is left out

Value = ir.Value
Reduction = Callable[..., Value]


def _repeat_interleave(repeats: Value, *, output_size: Any = None) -> Any:  # noqa: ARG001
    ends = op.CumSum(op.Cast(repeats, to=ir.DataType.INT64), 0)
    places = op.Range(0, op.Gather(ends, -1), 1)
    passed = op.LessOrEqual(op.Unsqueeze(ends, [0]), op.Unsqueeze(places, [1]))  # (M, N)
    indices = op.ReduceSum(op.Cast(passed, to=ir.DataType.INT64), [1], keepdims=False)  # (M,)
    return indices if repeats.dtype is None else op.Cast(indices, to=repeats.dtype)


def _repeat_each(x: Value, repeats: Any, dim: int | None = None, *, output_size: Any = None) -> Any:  # noqa: ARG001
    if dim is None:
        x, dim, rank = op.Reshape(x, [-1]), 0, 1
    else:
        rank = len(x.shape or ())
        dim %= rank
    count = op.Reshape(repeats, [1]) if isinstance(repeats, Value) else _sizes(repeats)
    tiles = op.Concat(_sizes(*[1] * (dim + 1)), count, _sizes(*[1] * (rank - dim - 1)), axis=0)
    tiled = op.Expand(op.Unsqueeze(x, [dim + 1]), tiles)
    before, after = op.Shape(x, start=0, end=dim), op.Shape(x, start=dim + 1)
    return op.Reshape(tiled, op.Concat(before, _sizes(-1), after, axis=0))


def _sizes(*sizes: int) -> Any:
    return op.Constant(value=ir.tensor(list(sizes), dtype=ir.DataType.INT64))


def _cummax(x: Value, dim: int) -> tuple[Value, Value]:
    return _running_extreme(x, dim, op.ReduceMax, op.ReduceMin)


def _cummin(x: Value, dim: int) -> tuple[Value, Value]:
    return _running_extreme(x, dim, op.ReduceMin, op.ReduceMax)


def _running_extreme(x: Value, dim: int, best: Reduction, worst: Reduction) -> tuple[Value, Value]:
    rank = _rank("cummax or cummin", x)
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


def _rank(operator: str, x: Value) -> int:
    if x.shape is None:
        raise TypeError(f"{operator}: no rank found; expected a tensor whose rank no input changes")
    return len(x.shape)


def _searchsorted(
    sorted_sequence: Value,
    x: Value,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Value | None = None,
) -> Any:
    if sorter is not None:
        sorted_sequence = op.GatherElements(sorted_sequence, sorter, axis=-1)
    before = op.LessOrEqual if right or side == "right" else op.Less
    is_before = before(op.Unsqueeze(sorted_sequence, [-2]), op.Unsqueeze(x, [-1]))  # (..., M, N)
    number = ir.DataType.INT32 if out_int32 else ir.DataType.INT64
    return op.ReduceSum(op.Cast(is_before, to=number), [-1], keepdims=False)  # (..., M)


def _slice_scatter(
    x: Value,
    src: Value,
    dim: int = 0,
    start: int | Value | None = None,
    end: int | Value | None = None,
    step: int | Value = 1,
) -> Any:
    first, last = 0 if start is None else start, LAST if end is None else end
    if step != 1 or not _in_order(first, last):
        return aten_slice_scatter(x, src, dim, start, end, step)
    before = [] if first == 0 else [op.Slice(x, [0], [first], [dim])]
    after = [] if last == LAST else [op.Slice(x, [last], [LAST], [dim])]
    return op.Concat(*before, src, *after, axis=dim) if before or after else op.Identity(src)


def _in_order(start: object, end: object) -> bool:
    """Say whether an axis of any size has its start before its end."""
    if not isinstance(start, int) or not isinstance(end, int):
        return False
    return end == LAST or (start <= end and (start < 0) is (end < 0))


def _sort(
    x: Value,
    *,
    stable: bool | None = None,  # noqa: ARG001 - an order of equal numbers that PyTorch leaves open may be this
    dim: int = -1,
    descending: bool = False,
) -> tuple[Value, Value]:
    axis = dim % _rank("sort", x)
    size = op.Shape(x, start=axis, end=axis + 1)
    values, indices = op.TopK(x, size, axis=axis, largest=int(descending), sorted=1)
    return values, indices


def _squeeze(x: Value, dim: int) -> Any:
    return _without(x, [dim] if x.shape is not None and len(x.shape) > 0 and x.shape[dim] == 1 else [])


def _squeeze_all(x: Value) -> Any:
    return _without(x, [axis for axis, size in enumerate(x.shape or ()) if size == 1])


def _without(x: Value, axes: list[int]) -> Any:
    return op.Squeeze(x, axes) if axes else op.Identity(x)


TRANSLATED: Mapping[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.edgeattn.grouped_mm.default: grouped_mm_in_turn,
    torch.ops.aten.cummax.default: _cummax,
    torch.ops.aten.cummin.default: _cummin,
    torch.ops.aten.repeat_interleave.Tensor: _repeat_interleave,
    torch.ops.aten.repeat_interleave.self_int: _repeat_each,
    torch.ops.aten.searchsorted.Tensor: _searchsorted,
    torch.ops.aten.slice_scatter.default: _slice_scatter,
    torch.ops.aten.sort.stable: _sort,
    torch.ops.aten.squeeze.default: _squeeze_all,
    torch.ops.aten.squeeze.dim: _squeeze,
}
