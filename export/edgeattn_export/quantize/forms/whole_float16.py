"""A whole graph in 16-bit floats, for engines that compute in these: half the size, and no calibration.

Before: y = f(x, w)                          float32
After:  y = Cast(f(Cast(x), w_16))           inputs and outputs stay float32

Numbers beyond the largest of 16 bits, such as what a mask adds, become the largest.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from edgeattn_export.quantize.forms.form import WholeForm
from edgeattn_export.quantize.layers.ranges import Ranges

SINGLE, HALF = ir.DataType.FLOAT, ir.DataType.FLOAT16
LARGEST = float(np.finfo(np.float16).max)


class WholeFloat16(WholeForm):
    """Stores all floats of a graph in 16 bits: what is folded later is of 16 bits already."""

    name = "16-bit floats"

    def store(self, model: ir.Model, _: Ranges) -> tuple[str, ...]:
        """Change the dtype of all that is float32 but the graph's own inputs and outputs, in place."""
        graph = model.graph
        inputs, outputs = (
            [value for value in ends if value.dtype is SINGLE] for ends in (graph.inputs, graph.outputs)
        )
        for value in _values(graph):
            if value.dtype is SINGLE and value not in inputs:
                value.type = ir.TensorType(HALF)  # a new one: clones share theirs
        for value in graph.initializers.values():
            if value.const_value is not None and value.const_value.dtype is SINGLE:
                value.const_value = _halved(value.const_value)
        for node in graph.all_nodes():
            _retype(node)
        for value in inputs:
            _cast_input(graph, value)
        for value in outputs:
            _cast_output(graph, value)
        return ()


def _values(graph: ir.Graph) -> Iterator[ir.Value]:
    yield from graph.initializers.values()
    for node in graph.all_nodes():
        yield from node.outputs


def _halved(tensor: ir.TensorProtocol) -> ir.TensorProtocol:
    numbers = np.clip(tensor.numpy(), -LARGEST, LARGEST).astype(np.float16)
    return ir.tensor(numbers, name=tensor.name)


def _retype(node: ir.Node) -> None:
    """Let what a node says of float32 be of 16 bits: what it casts to, and a constant of its own."""
    for name, attribute in tuple(node.attributes.items()):
        if name == "to" and attribute.as_int() == SINGLE:
            node.attributes[name] = ir.AttrInt64(name, HALF)
        elif attribute.type is ir.AttributeType.TENSOR and attribute.as_tensor().dtype is SINGLE:
            node.attributes[name] = ir.AttrTensor(name, _halved(attribute.as_tensor()))


def _cast_input(graph: ir.Graph, value: ir.Value) -> None:
    uses = tuple(value.uses())
    cast = ir.node("Cast", [value], {"to": HALF}, name=f"{value.name}.half")
    _typed(cast.outputs[0], value, HALF, f"{value.name}.half")
    for use in uses:
        use.node.replace_input_with(use.idx, cast.outputs[0])
    graph.insert_before(graph[0], cast)


def _cast_output(graph: ir.Graph, value: ir.Value) -> None:
    """Let an output of the graph be a cast of what was one, under its name."""
    name = value.name or ""
    cast = ir.node("Cast", [value], {"to": SINGLE}, name=f"{name}.single")
    _typed(cast.outputs[0], value, SINGLE, name)
    value.name = f"{name}.half"
    graph.append(cast)
    for i, output in enumerate(graph.outputs):
        if output is value:
            graph.outputs[i] = cast.outputs[0]


def _typed(value: ir.Value, like: ir.Value, dtype: ir.DataType, name: str) -> None:
    value.name, value.shape, value.type = name, like.shape, ir.TensorType(dtype)
