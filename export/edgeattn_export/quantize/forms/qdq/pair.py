"""What graphs in QDQ are made of: a value between two quantizations.

Before: v
After:  DequantizeLinear(QuantizeLinear(v, step, zero), step, zero)
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, only_user, producer
from edgeattn_export.graph.scopes import MODULE
from edgeattn_export.quantize.arithmetic.affine import Steps
from edgeattn_export.quantize.forms.form import quantized

STORING = frozenset({"QuantizeLinear", "DequantizeLinear"})


def emit_pair(tape: Tape, value: ir.Value, steps: Steps, name: str) -> ir.Value:
    """Emit both quantizations of a value, and return what is computed with."""
    parts = quantized(tape, value, steps, name)
    stored, number = parts[0], tape.op("DequantizeLinear", parts)
    stored.shape, stored.dtype = value.shape, ir.DataType.from_numpy(steps.zero.dtype)
    number.shape, number.type = value.shape, value.type
    return number


def insert(graph: ir.Graph, tape: Tape, module: str, *, behind: ir.Node | None = None) -> None:
    """Put what is recorded for a module into a graph, behind a node or before all."""
    for node in tape.nodes:
        node.metadata_props[MODULE] = module
    for initializer in tape.initializers:
        graph.register_initializer(initializer)
    if behind is None:
        graph.insert_before(graph[0], tape.nodes)
    else:
        graph.insert_after(behind, tape.nodes)


def stored_steps(value: ir.Value) -> Steps | None:
    """Return the steps of what a value is computed from, or None where it is not stored by one step."""
    return _steps_in(producer(value, "DequantizeLinear"))


def read_steps(value: ir.Value) -> Steps | None:
    """Return the steps in which the one quantization that reads a value stores it, or None without one."""
    return _steps_in(only_user(value))


def _steps_in(node: ir.Node | None) -> Steps | None:
    if node is None or node.op_type not in STORING or len(node.inputs) < 3:
        return None
    step, zero = (constant(part) for part in node.inputs[1:3])
    if step is None or zero is None or step.size != 1:
        return None
    integer = np.uint8 if zero.dtype == np.uint8 else np.uint16
    return Steps(np.float32(step.reshape(())), integer(zero.reshape(())))


def is_stored(value: ir.Value | None, dtype: ir.DataType) -> bool:
    """Say whether a value is computed from numbers of a dtype."""
    node = producer(value, "DequantizeLinear")
    return node is not None and node.inputs[0] is not None and node.inputs[0].dtype is dtype
