"""Rows of keys or values in int8, each with a scale: in numpy, and as operators of a graph.

scale = max |row| / 127, at least 1e-20
rows = round(row / scale)
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from graphs import Array, Recorder

LARGEST, FAINTEST = 127, 1e-20


def rounded(rows: Array) -> tuple[Array, Array]:
    """Return rows (..., size) in int8, and their scales (..., 1)."""
    scale = np.maximum(np.abs(rows).max(-1, keepdims=True) / LARGEST, FAINTEST)
    return np.rint(rows / scale).astype(np.int8), scale


def restored(rows: Array, scale: Array) -> Array:
    """Return what rows in int8 stand for."""
    floats: Array = rows.astype(np.float64) * scale
    return floats


def emit_rounded(net: Recorder, rows: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Record the operators of ``rounded``."""
    most = net.ReduceMax(net.Abs(rows), [-1], keepdims=1)
    scale = net.Max(net.Mul(most, 1 / LARGEST), FAINTEST)
    return net.Cast(net.Round(net.Div(rows, scale)), to=ir.DataType.INT8), scale


def emit_restored(net: Recorder, rows: ir.Value, scale: ir.Value) -> ir.Value:
    """Record the operators of ``restored``."""
    restored: ir.Value = net.Mul(net.Cast(rows, to=ir.DataType.FLOAT), scale)
    return restored
