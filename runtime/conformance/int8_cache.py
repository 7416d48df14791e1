"""Rows of keys or values in int8, each with a scale: in numpy, and as operators of a graph.

scale = max |row| / 127, at least 1e-20
rows = round(row / scale)
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from tiny import Array, constant

LARGEST, FAINTEST = 127, 1e-20


def rounded(rows: Array) -> tuple[Array, Array]:
    """Return rows (..., size) in int8, and their scales (..., 1)."""
    scale = np.maximum(np.abs(rows).max(-1, keepdims=True) / LARGEST, FAINTEST)
    return np.rint(rows / scale).astype(np.int8), scale


def restored(rows: Array, scale: Array) -> Array:
    """Return what rows in int8 stand for."""
    floats: Array = rows.astype(np.float64) * scale
    return floats


def emit_rounded(tape: ir.tape.Tape, rows: ir.Value, name: str) -> tuple[ir.Value, ir.Value]:
    """Record the operators of ``rounded``; ``name`` begins those of constants."""
    last = constant(tape, f"{name}_last_axis", np.array([-1]))
    most = tape.op("ReduceMax", [tape.op("Abs", [rows]), last], {"keepdims": 1})
    step = tape.op("Mul", [most, constant(tape, f"{name}_step", np.float32(1 / LARGEST))])
    scale = tape.op("Max", [step, constant(tape, f"{name}_faintest", np.float32(FAINTEST))])
    whole = tape.op("Round", [tape.op("Div", [rows, scale])])
    return tape.op("Cast", [whole], {"to": ir.DataType.INT8}), scale


def emit_restored(tape: ir.tape.Tape, rows: ir.Value, scale: ir.Value) -> ir.Value:
    """Record the operators of ``restored``."""
    return tape.op("Mul", [tape.op("Cast", [rows], {"to": ir.DataType.FLOAT}), scale])
