"""Constants of an integer graph: each as integers, and what makes it float again.

    weights     Conv, Gemm: s8, one step a channel; MatMul: s16, one step
    biases      Conv, Gemm, LayerNormalization: s32, in steps of what they are added to
    scales      LayerNormalization: u8, as engines have no kernels for wider ones
    all others  u16

The weights of layers that have a form of their own are stored already. Where a node computes in float, they
stay float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, embed, is_constant, producer, sources
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.quantize.arithmetic.affine import EIGHT, SIXTEEN, Steps, step_and_zero
from edgeattn_export.quantize.arithmetic.grid import LARGEST
from edgeattn_export.quantize.forms.qdq.logarithm import arguments, computes_float
from edgeattn_export.quantize.forms.qdq.pair import STORING, insert, read_steps

WEIGHT, BIAS = 1, 2  # inputs
LARGEST_16, LARGEST_32 = 2**15 - 1, 2**31 - 1

Floats = NDArray[np.float32]
Store = Callable[[Tape, ir.Node, Floats, str], ir.Value]


def store_constants(model: ir.Model) -> None:
    """Store constants as integers, in place: those that meet what follows from an input's numbers."""
    stored: dict[tuple[ir.Value, Store, ir.Node | None], ir.Value] = {}
    moving, floats = moving_values(model), arguments(model)
    for node in tuple(model.graph):
        if node.op_type in STORING or computes_float(node, floats) or not moving.intersection(sources(node)):
            continue
        for index, value in enumerate(node.inputs):
            if value is None or not is_constant(value) or value.dtype is not ir.DataType.FLOAT:
                continue
            store = _STORES.get((node.op_type, index), _plain)
            key = value, store, node if store in (_bias, _picked) else None
            if key not in stored:
                stored[key] = _written(model.graph, node, value, store)
            node.replace_input_with(index, stored[key])


def moving_values(model: ir.Model) -> set[ir.Value]:
    """Return what follows from an input's numbers, not only from constants and sizes."""
    moving = set(model.graph.inputs)
    for node in model.graph:
        if node.op_type != "Shape" and moving.intersection(sources(node)):
            moving.update(node.outputs)
    return moving


def steps_for(array: Floats, steps: int = SIXTEEN) -> Steps:
    """Return the steps that hold a constant's range: 16 bits, where it has no role of its own."""
    return step_and_zero(float(array.min(initial=0)), float(array.max(initial=0)), steps)


def emit_constant(tape: Tape, array: Floats, steps: Steps, name: str) -> ir.Value:
    """Emit a constant in steps, clipped to what they hold, and what makes it float again."""
    limits = np.iinfo(steps.zero.dtype)
    numbers = np.rint(array / steps.step) + np.float32(steps.zero)
    parts = {
        "stored": np.clip(numbers, limits.min, limits.max).astype(limits.dtype),
        "step": np.array(steps.step),
        "zero": np.array(steps.zero),
    }
    return tape.op("DequantizeLinear", [embed(tape, part, f"{name}.{each}") for each, part in parts.items()])


def _written(graph: ir.Graph, node: ir.Node, value: ir.Value, store: Store) -> ir.Value:
    tape = Tape()
    array = np.asarray(constant(value), np.float32)
    number = store(tape, node, array, f"{value.name}.{store.__name__.strip('_')}.{node.name}")
    number.shape, number.type = value.shape, value.type
    insert(graph, tape, module_of(node))
    return number


def _plain(tape: Tape, _: ir.Node, array: Floats, name: str) -> ir.Value:
    return emit_constant(tape, array, steps_for(array), name)


def _picked(tape: Tape, node: ir.Node, array: Floats, name: str) -> ir.Value:
    """Emit what an operator picks as it is stored: in the steps of what it makes."""
    return emit_constant(tape, array, read_steps(node.outputs[0]) or steps_for(array), name)


def _scale(tape: Tape, _: ir.Node, array: Floats, name: str) -> ir.Value:
    return emit_constant(tape, array, steps_for(array, EIGHT), name)


def _wide(tape: Tape, _: ir.Node, array: Floats, name: str) -> ir.Value:
    step = _step(np.abs(array).max(initial=0), LARGEST_16)
    return _symmetric(tape, array, step, np.int16, name)


def _channels(tape: Tape, node: ir.Node, array: Floats, name: str) -> ir.Value:
    """Emit a weight whose channels stand on its first axis, or last of a Gemm that does not transpose it."""
    axis = 1 if node.op_type == "Gemm" and not node.attributes.get_int("transB", 0) else 0
    others = tuple(each for each in range(array.ndim) if each != axis)
    step = _step(np.abs(array).max(axis=others, keepdims=True), LARGEST)
    return _symmetric(tape, array, step, np.int8, name, axis)


def _bias(tape: Tape, node: ir.Node, array: Floats, name: str) -> ir.Value:
    """Emit a bias in steps of the products that it is added to, where the engine adds up in integers."""
    left, right = (_steps_of(each) for each in node.inputs[:BIAS])
    if left is None or right is None or left.ndim:
        return _plain(tape, node, array, name)
    return _symmetric(tape, array, left * right, np.int32, name, 0 if right.ndim else None)


def _symmetric(
    tape: Tape, array: Floats, step: Floats, dtype: type[np.signedinteger], name: str, axis: int | None = None
) -> ir.Value:
    largest = {np.int8: LARGEST, np.int16: LARGEST_16, np.int32: LARGEST_32}[dtype]
    stored = np.clip(np.rint(array.astype(np.float64) / step), -largest, largest).astype(dtype)
    inputs = [embed(tape, stored, f"{name}.stored"), embed(tape, np.squeeze(step), f"{name}.step")]
    return tape.op("DequantizeLinear", inputs, {} if axis is None else {"axis": axis})


def _step(largest: Floats | np.float32, levels: int) -> Floats:
    step = np.asarray(largest, np.float32) / np.float32(levels)
    return np.where(step < np.finfo(np.float32).tiny, np.float32(1), step)


def _steps_of(value: ir.Value | None) -> Floats | None:
    node = producer(value, "DequantizeLinear")
    steps = None if node is None else constant(node.inputs[1])
    return None if steps is None else np.asarray(steps, np.float32)


_STORES: Mapping[tuple[str, int], Store] = {
    ("Where", 1): _picked,
    ("Where", 2): _picked,
    ("Conv", WEIGHT): _channels,
    ("Gemm", WEIGHT): _channels,
    ("MatMul", WEIGHT): _wide,
    ("LayerNormalization", WEIGHT): _scale,
    ("Conv", BIAS): _bias,
    ("Gemm", BIAS): _bias,
    ("LayerNormalization", BIAS): _bias,
}
