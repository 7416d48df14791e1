"""An axis of a free size stays: PyTorch takes away none but those of size 1.

Before: squeeze(x, 1)       x (B, S, W), S free, which torch.export takes for another size than 1
After:  x
"""

from __future__ import annotations

from typing import Any

import onnx_ir as ir
import onnxscript

op: Any = onnxscript.opset23


def squeeze(x: ir.Value, dim: int) -> ir.Value:
    """Write ``squeeze`` of one axis in ONNX."""
    return _squeeze(x, [dim] if x.shape is not None and len(x.shape) > 0 and x.shape[dim] == 1 else [])


def squeeze_all(x: ir.Value) -> ir.Value:
    """Write ``squeeze`` of every axis in ONNX."""
    return _squeeze(x, [axis for axis, size in enumerate(x.shape or ()) if size == 1])


def _squeeze(x: ir.Value, axes: list[int]) -> ir.Value:
    squeezed: ir.Value = op.Squeeze(x, axes) if axes else op.Identity(x)
    return squeezed
