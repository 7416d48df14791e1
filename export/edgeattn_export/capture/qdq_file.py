"""A QDQ ONNX file beside a float original: what training rounded its weights to becomes the float graph's.

In the file:   MatMul(x', DequantizeLinear(W_s8, s, z))     or DequantizeLinear(QuantizeLinear(W, s, z), s, z)
The original:  MatMul(x, W)
After:         MatMul(x, (W_s8 - z) s)                      compared with the original as before

A weight of the original is the file's where it is the nearest of its shape, transposed or not, and no farther
than rounding takes it. Names do not count: every exporter has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.capture.captured import Captured
from edgeattn_export.capture.trained import Trained, lost_grids
from edgeattn_export.graph.dataflow import constant, is_constant, producer
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.scopes import module_of
from edgeattn_runtime.errors import EdgeAttnError, ModelError

FARTHEST = 0.5  # of a weight's norm: 4 bits move it by 0.15, and two that are unlike are 1.4 apart

Weights = dict[str, NDArray[np.float32]]  # by name


def with_grids(captured: Captured, path: Path) -> Captured:
    """Return a float graph whose weights are what a file rounds them to.

    Args:
        captured: The float original.
        path: A file that was made of it, with QuantizeLinear and DequantizeLinear.

    Raises:
        ModelError: No such file, no ONNX model, or no weight in it that is quantized and the original's.
    """
    rounded = _rounded_weights(path, captured.engine)
    model = captured.model.clone()
    names: set[str] = set()
    lost: list[str] = []
    for value, users in _weights(model):
        modules = [module for node in users if (module := module_of(node))]
        nearest = _nearest(np.asarray(constant(value), np.float32), rounded)
        if nearest is None:
            lost.append(modules[0] if modules else value.name or "")
            continue
        value.const_value = ir.tensor(nearest, name=value.name)
        names.update([value.name or "", *modules])
    if not names:
        raise ModelError(
            f"{path}: none of its {len(rounded)} quantized weights is one of the original's, rounded; give "
            "the float model that the file was made of"
        )
    if not lost:
        names.add("")  # the model itself, to which the layers of an ONNX file belong, merged ones too
    notes = lost_grids(lost, f"{path.name} has none for it")
    return replace(captured, model=model, trained=Trained(frozenset(names)), notes=(*captured.notes, *notes))


def _weights(model: ir.Model) -> Iterator[tuple[ir.Value, list[ir.Node]]]:
    """Yield the matrices that layers multiply by, each with these layers."""
    for value in tuple(model.graph.initializers.values()):
        layers = list(_layers_of(value))
        if layers and value.dtype is ir.DataType.FLOAT and len(value.shape or ()) >= 2:
            yield value, layers


def _layers_of(weight: ir.Value) -> Iterator[ir.Node]:
    for use in weight.uses():
        if use.node.op_type == "Transpose":
            yield from _layers_of(use.node.outputs[0])
        elif use.node.op_type in ("MatMul", "Gemm", "Conv") and use.idx == 1:
            yield use.node


def _rounded_weights(path: Path, engine: Engine) -> Weights:
    """Return the matrices that a file dequantizes and that no input changes, by the names they have there."""
    if not path.is_file():
        raise ModelError(f"{path}: no such file; expected an ONNX model with QuantizeLinear")
    try:
        model = ir.load(path)
    except Exception as error:  # as in ``from_onnx.read_onnx``
        raise ModelError(f"{path}: no ONNX model can be read from it; export it again") from error
    names = [node.outputs[0].name or "" for node in model.graph if _is_rounded_constant(node)]
    if not names:
        raise ModelError(
            f"{path}: no weight in it is quantized; a file with DequantizeLinear of its weights expected"
        )
    graph = ir.convenience.extract(model.graph, [], names)
    try:
        answers = engine.runner(ir.Model(graph, ir_version=model.ir_version))({})
    except EdgeAttnError as error:
        raise ModelError(f"{path}: its weights cannot be dequantized: {error}; export it again") from error
    return {name: array.astype(np.float32) for name, array in answers.items() if array.ndim >= 2}


def _is_rounded_constant(node: ir.Node) -> bool:
    if node.op_type != "DequantizeLinear" or not all(map(is_constant, node.inputs[1:])):
        return False
    quantize = producer(node.inputs[0], "QuantizeLinear")
    sources = node.inputs[:1] if quantize is None else quantize.inputs
    return all(map(is_constant, sources))


def _nearest(weight: NDArray[np.float32], rounded: Weights) -> NDArray[np.float32] | None:
    """Return what a weight was rounded to, in its own orientation, or None."""
    turned = (each for array in rounded.values() for each in (array, array.T))
    candidates = [each for each in turned if each.shape == weight.shape]
    distances = [float(np.linalg.norm(each - weight)) for each in candidates]
    if not distances or min(distances) > FARTHEST * float(np.linalg.norm(weight)):
        return None
    return np.ascontiguousarray(candidates[int(np.argmin(distances))])
