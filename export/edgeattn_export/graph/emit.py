"""What rules write again and again: values with their dims noted, the size of an axis, its positions."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import Dims, dims, embed, size_source


def described(value: ir.Value, like: ir.Value, sizes: Dims | None = None) -> ir.Value:
    """Note the type of another value on one that was emitted, and dims: those given, or the other's too."""
    value.type, value.shape = like.type, like.shape if sizes is None else ir.Shape(sizes)
    return value


def transposed(tape: Tape, value: ir.Value, perm: tuple[int, ...]) -> ir.Value:
    """Emit a Transpose."""
    sizes = dims(value)
    return described(tape.op("Transpose", [value], {"perm": perm}), value, tuple(sizes[i] for i in perm))


def emit_size(tape: Tape, value: ir.Value, axis: int) -> ir.Value:
    """Emit the size of an axis, counted from the front, int64 (1), asked where ``size_source`` says."""
    source, at = size_source(value, axis, dims(value)[axis] if dims(value) else None)
    return tape.op("Shape", [source], {"start": at, "end": at + 1})


def emit_positions(tape: Tape, size: ir.Value) -> ir.Value:
    """Emit 0, 1, ... below a size (1), int64."""
    zero, one = (embed(tape, np.array(n), f"number.{n}") for n in (0, 1))
    return tape.op("Range", [zero, tape.op("Squeeze", [size]), one])
