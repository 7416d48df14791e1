"""A QDQ ONNX file of a float original: what training rounded its weights to becomes int8.

In the file:   MatMul(x', DequantizeLinear(W_s8, s, z))     or DequantizeLinear(QuantizeLinear(W, s, z), s, z)
The original:  MatMul(x, W)
What becomes int8:  MatMul(x, (W_s8 - z) s)

A weight of the original is the file's where it is the nearest of its shape, transposed or not, and no farther
than rounding takes it. Names do not count: every exporter has its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.capture.captured import Captured
from edgeattn_export.capture.trained_grids import Reach, Trained, lost_grids, reach_of
from edgeattn_export.capture.weight_files import load_onnx
from edgeattn_export.graph.dataflow import constant, is_constant, producer, scalar
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.scopes import module_of
from edgeattn_runtime.errors import EdgeAttnError, ModelError

FARTHEST = 0.5  # of a weight's norm: 4 bits move it by 0.15, and two that are unlike are 1.4 apart

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rounded:
    """A layer's weight in the file.

    Attributes:
        weight: Its numbers.
        reach: Between which numbers the layer's input is rounded; None where it is not, or several differ.
    """

    weight: Floats
    reach: Reach | None


def with_grids(captured: Captured, path: Path) -> Captured:
    """Return a capture that knows what a file rounds its weights and its layers' inputs to.

    Args:
        captured: The float original.
        path: A file that was made of it, with QuantizeLinear and DequantizeLinear.

    Raises:
        ModelError: No such file, no ONNX model, or no weight in it that is quantized and the original's; or
            its weights lie in files that are missing, cut or outside of its folder.
    """
    rounded = _rounded_weights(path, captured.engine)
    names: set[str] = set()
    weights: dict[str, Floats] = {}
    reaches: dict[str, Reach] = {}
    lost: list[str] = []
    for value, users in _weights(captured.model):
        modules = [module for node in users if (module := module_of(node))]
        nearest = _nearest(np.asarray(constant(value), np.float32), rounded)
        if nearest is None:
            lost.append(modules[0] if modules else value.name or "")
            continue
        own = [value.name or "", *modules]
        weights[own[0]] = np.ascontiguousarray(nearest.weight)
        names.update(own)
        if nearest.reach is not None:
            reaches |= dict.fromkeys(own, nearest.reach)
    if not names:
        raise ModelError(
            f"{path}: none of its {len(rounded)} quantized weights is one of the original's, rounded; give "
            "the float model that the file was made of"
        )
    if not lost:
        names.add("")  # the model itself, to which the layers of an ONNX file belong, merged ones too
    notes = lost_grids(lost, f"{path.name} has none for it")
    trained = Trained(frozenset(names), reaches, weights)
    return replace(captured, trained=trained, notes=(*captured.notes, *notes))


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


def _rounded_weights(path: Path, engine: Engine) -> list[Rounded]:
    """Return the matrices that a file dequantizes and that no input changes."""
    model = load_onnx(path, "an ONNX model with QuantizeLinear")
    ir.external_data.load_to_model(model)  # an engine would look for them in the working folder
    values = {node.outputs[0].name or "": node.outputs[0] for node in model.graph if _is_constant(node)}
    if not values:
        raise ModelError(
            f"{path}: no weight in it is quantized; a file with DequantizeLinear of its weights expected"
        )
    graph = ir.convenience.extract(model.graph, [], list(values))
    try:
        answers = engine.runner(ir.Model(graph, ir_version=model.ir_version))({})
    except EdgeAttnError as error:
        raise ModelError(f"{path}: its weights cannot be dequantized: {error}; export it again") from error
    return [
        Rounded(array.astype(np.float32), _reach_behind(values[name]))
        for name, array in answers.items()
        if array.ndim >= 2
    ]


def _reach_behind(weight: ir.Value) -> Reach | None:
    """Return between which numbers the layers with a weight round their input, where all agree."""
    reaches = {_reach(node.inputs[0]) for node in _layers_of(weight)}
    return reaches.pop() if len(reaches) == 1 else None


def _reach(x: ir.Value | None) -> Reach | None:
    rounded = producer(x, "DequantizeLinear")
    if rounded is None or len(rounded.inputs) < 3:
        return None
    step, zero = scalar(rounded.inputs[1]), constant(rounded.inputs[2])
    if step is None or zero is None or zero.size != 1 or zero.dtype.kind not in "iu":
        return None
    ends = np.iinfo(zero.dtype.name)
    return reach_of(step, int(zero.item()), ends.min, ends.max)


def _is_constant(node: ir.Node) -> bool:
    if node.op_type != "DequantizeLinear" or not all(map(is_constant, node.inputs[1:])):
        return False
    quantize = producer(node.inputs[0], "QuantizeLinear")
    sources = node.inputs[:1] if quantize is None else quantize.inputs
    return all(map(is_constant, sources))


def _nearest(weight: Floats, rounded: Iterable[Rounded]) -> Rounded | None:
    """Return what a weight was rounded to, in its own orientation, or None."""
    both = (each for one in rounded for each in (one, replace(one, weight=one.weight.T)))
    candidates = (each for each in both if each.weight.shape == weight.shape)
    nearest = min(candidates, key=lambda each: _distance(each.weight, weight), default=None)
    if nearest is None or _distance(nearest.weight, weight) > FARTHEST * float(np.linalg.norm(weight)):
        return None
    return nearest


def _distance(one: Floats, other: Floats) -> float:
    return float(np.linalg.norm(one - other))
