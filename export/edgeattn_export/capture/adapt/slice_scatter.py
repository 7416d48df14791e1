"""A slice that forward writes becomes a Concat of what is kept and what is new.

Before: x[:, a:b] = y                                 which the exporter scatters, index by index
After:  Concat(x[:, :a], y, x[:, b:])
"""

from __future__ import annotations

import sys
from typing import Any

import onnx_ir as ir
import onnxscript
from onnxscript.function_libs.torch_lib.ops.core import aten_slice_scatter

op: Any = onnxscript.opset23
LAST = sys.maxsize  # as torch.export writes an end that is left out


def slice_scatter(
    x: ir.Value,
    src: ir.Value,
    dim: int = 0,
    start: int | ir.Value | None = None,
    end: int | ir.Value | None = None,
    step: int | ir.Value = 1,
) -> ir.Value:
    """Return ``x`` (..., N, ...) with ``src`` (..., M, ...) from ``start`` to ``end`` of axis ``dim``."""
    first, last = 0 if start is None else start, LAST if end is None else end
    if step != 1 or not _in_order(first, last):
        scattered: ir.Value = aten_slice_scatter(x, src, dim, start, end, step)
        return scattered
    parts = [src]
    if first != 0:
        parts.insert(0, op.Slice(x, [0], [first], [dim]))
    if last != LAST:
        parts.append(op.Slice(x, [last], [LAST], [dim]))
    written: ir.Value = op.Concat(*parts, axis=dim) if len(parts) > 1 else op.Identity(src)
    return written


def _in_order(start: object, end: object) -> bool:
    """Say whether an axis of any size has its start before its end."""
    return (
        isinstance(start, int) and isinstance(end, int) and start <= end and (start < 0) is (end < 0)
    ) or (end == LAST and isinstance(start, int))
