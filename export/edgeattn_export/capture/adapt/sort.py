"""Sorting in which equal numbers keep their order: the largest of as many as there are.

Before: sort(x, stable=True, dim, descending)
After:  TopK(x, size of the axis)               of equal numbers the first stands first, as the standard says
"""

from __future__ import annotations

from typing import Any

import onnx_ir as ir
import onnxscript

op: Any = onnxscript.opset23


def sort(
    x: ir.Value,
    *,
    stable: bool | None = None,  # noqa: ARG001 - an order of equal numbers that PyTorch leaves open may be this
    dim: int = -1,
    descending: bool = False,
) -> tuple[ir.Value, ir.Value]:
    """Write PyTorch's operator in ONNX."""
    if x.shape is None:
        raise TypeError("sort: no rank found; expected a tensor whose rank no input changes")
    axis = dim % len(x.shape)
    size = op.Shape(x, start=axis, end=axis + 1)
    values, indices = op.TopK(x, size, axis=axis, largest=int(descending), sorted=1)
    return values, indices
