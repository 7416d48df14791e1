"""ir.Model -> ir.Model, in place: dims by the names of the inputs' axes, wherever they follow from them.

What ``onnx.shape_inference`` calls ``unk__7`` becomes ``batch``, ``2*sequence`` or, where nothing follows, a
symbol that goes on through the graph and is equal to itself alone. Nothing is taken from a sample: what is
found holds for every size of at least 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import onnx
import onnx_ir as ir
import sympy

from edgeattn_export.capture.dims.known import LIST_LIMIT, Known, Numbers, is_open
from edgeattn_export.capture.dims.size_numbers import size_numbers
from edgeattn_export.capture.dims.size_rules import Found, sizes_by_rule
from edgeattn_export.graph.dataflow import Dims, dims

_RESHAPING = ("Reshape", "Expand")


def name_dims(model: ir.Model) -> None:
    """Name the dims of values outside of branches and loops.

    Numbers made of sizes are then computed once, or are constants; a Reshape or Expand to the same dims goes.
    """
    known, first = Known(), _First()
    for value in (*model.graph.inputs, *model.graph.outputs):
        _name_end(value)
    for node in tuple(model.graph):
        numbers = size_numbers(node, known) if node.domain == "" else None
        found = _sizes(node, known, model.opset_imports)
        for output in node.outputs:
            sizes = found.get(output.name or "") or known.sizes(output)
            if sizes is not None:
                known.learn_sizes(output, sizes)
        if numbers is not None:
            known.learn_numbers(node.outputs[0], numbers)
            first.take_place(model, node.outputs[0], numbers)
        elif node.op_type in _RESHAPING:
            _drop_idle(node, known)


def _name_end(value: ir.Value) -> None:
    """Name what the file leaves open in an input or output: ``image_2`` for its axis 2."""
    if value.shape is not None:
        value.shape = ir.Shape(
            f"{value.name}_{axis}" if is_open(dim) else dim for axis, dim in enumerate(dims(value))
        )


def _sizes(node: ir.Node, known: Known, opsets: Mapping[str, int]) -> dict[str, Found]:
    found: dict[str, Found] = {
        name: tuple(None if dim is None else known.size(dim) for dim in shape)
        for name, shape in _inferred(node, opsets).items()
    }
    by_rule = sizes_by_rule(node, known) if node.domain == "" else None
    if by_rule is not None:
        found[node.outputs[0].name or ""] = by_rule
    return found


def _inferred(node: ir.Node, opsets: Mapping[str, int]) -> dict[str, Dims]:
    """Ask ONNX for the dims of one node's outputs, now that more is known of its inputs."""
    given = [value for value in node.inputs if value is not None]
    inner = any(a.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS) for a in node.attributes.values())
    if inner or not all(value.name and value.type for value in given):
        return {}
    try:
        types = onnx.shape_inference.infer_node_outputs(
            onnx.defs.get_schema(node.op_type, opsets[node.domain], node.domain),
            ir.to_proto(node),
            {value.name or "": ir.to_proto(value).type for value in given},
            dict(_constants(given)),
            opset_imports=[onnx.OperatorSetIdProto(domain=name, version=opsets[name]) for name in opsets],
        )
    except (onnx.defs.SchemaError, onnx.shape_inference.InferenceError):  # no operator of ONNX's own
        return {}
    tensors = {name: found.tensor_type for name, found in types.items()}
    return {
        name: tuple(_dim(dim) for dim in tensor.shape.dim)
        for name, tensor in tensors.items()
        if tensor.HasField("shape")
    }


def _dim(dim: onnx.TensorShapeProto.Dimension) -> int | str | None:
    return dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None


def _constants(values: Iterable[ir.Value]) -> Iterator[tuple[str, onnx.TensorProto]]:
    for value in values:
        tensor = ir.convenience.get_const_tensor(value)
        if tensor is not None and tensor.size <= LIST_LIMIT:
            yield value.name or "", ir.to_proto(tensor)


class _First:
    """The first value that holds each list of numbers, in the place of all that do."""

    def __init__(self) -> None:
        self._values: dict[object, ir.Value] = {}

    def take_place(self, model: ir.Model, value: ir.Value, numbers: Numbers) -> None:
        """Use the first in the place of ``value``; where no name is part of the numbers, a constant."""
        if value.dtype not in (ir.DataType.INT64, ir.DataType.INT32) or value.is_graph_output():
            return
        key = (value.dtype, numbers.shape, tuple(numbers.reshape(-1)))
        if key not in self._values:
            fixed = all(isinstance(x, sympy.Integer) for x in numbers.reshape(-1))
            self._values[key] = _constant(model, value, numbers) if fixed else value
        if self._values[key] is not value:
            ir.convenience.replace_all_uses_with(value, self._values[key])


def _constant(model: ir.Model, value: ir.Value, numbers: Numbers) -> ir.Value:
    name = f"{value.name}.known"
    tensor = ir.tensor(numbers.astype(ir.DataType(value.dtype or ir.DataType.INT64).numpy()), name=name)
    made = ir.Value(name=name, shape=ir.Shape(numbers.shape), type=value.type, const_value=tensor)
    model.graph.register_initializer(made)
    return made


def _drop_idle(node: ir.Node, known: Known) -> None:
    source, output = node.inputs[0], node.outputs[0]
    if source is not None and known.sizes(source) == known.sizes(output) and not output.is_graph_output():
        ir.convenience.replace_all_uses_with(output, source)
