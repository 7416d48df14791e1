"""A repeated list, by counts of which not all need be known before.

Before: repeat_interleave(counts, output_size=n)      counts (N): 0 as often as the first says
After:  ends = cumsum(counts); (ends <= arange(ends[-1])[:, None]).sum(-1)

Before: repeat_interleave(x, n, dim)                  x (..., D, ...), n a number that a tensor holds
After:  x[..., None, ...] expanded to (..., D, n, ...), its two axes made one
"""

from __future__ import annotations

from typing import Any

import onnx_ir as ir
import onnxscript

op: Any = onnxscript.opset23
LAST = -1


def repeat_interleave(repeats: ir.Value, *, output_size: Any = None) -> ir.Value:  # noqa: ARG001
    """Write PyTorch's operator in ONNX; what ``output_size`` says, the counts say too."""
    ends = op.CumSum(op.Cast(repeats, to=ir.DataType.INT64), 0)
    places = op.Range(0, op.Gather(ends, LAST), 1)
    passed = op.LessOrEqual(op.Unsqueeze(ends, [0]), op.Unsqueeze(places, [1]))  # (M, N)
    indices = op.ReduceSum(op.Cast(passed, to=ir.DataType.INT64), [1], keepdims=False)  # (M,)
    found: ir.Value = indices if repeats.dtype is None else op.Cast(indices, to=repeats.dtype)
    return found


def repeat_each(
    x: ir.Value,
    repeats: Any,
    dim: int | None = None,
    *,
    output_size: Any = None,  # noqa: ARG001
) -> ir.Value:
    """Write PyTorch's operator of one count in ONNX."""
    if dim is None:
        x, dim, rank = op.Reshape(x, [-1]), 0, 1
    else:
        rank = len(x.shape or ())
        dim %= rank
    count = op.Reshape(repeats, [1]) if isinstance(repeats, ir.Value) else _sizes(repeats)
    tiles = op.Concat(_sizes(*[1] * (dim + 1)), count, _sizes(*[1] * (rank - dim - 1)), axis=0)
    tiled = op.Expand(op.Unsqueeze(x, [dim + 1]), tiles)
    before, after = op.Shape(x, start=0, end=dim), op.Shape(x, start=dim + 1)
    merged: ir.Value = op.Reshape(tiled, op.Concat(before, _sizes(-1), after, axis=0))
    return merged


def _sizes(*sizes: int) -> Any:
    return op.Constant(value=ir.tensor(list(sizes), dtype=ir.DataType.INT64))
