"""ir.Model -> ir.Model, in place: dims by the names of the inputs' axes, wherever they follow from them.

What ``onnx.shape_inference`` calls ``unk__7`` becomes ``batch``, ``2*sequence`` or, where nothing follows, a
symbol that goes on through the graph and is equal only to itself. Nothing is taken from a sample: what is
found holds for every size of at least 1.
"""

from __future__ import annotations

from contextlib import suppress

import onnx_ir as ir
from onnx_shape_inference import SYM_DATA_KEY, ShapeInferenceContext, registry

from edgeattn_export.capture.translation.dim_inference import COUNTS, MISREAD, amend
from edgeattn_export.graph.apply import unused_name
from edgeattn_export.graph.dataflow import Dims, dims, is_unnamed

_RESHAPING = ("Reshape", "Expand")


def name_dims(model: ir.Model) -> None:
    """Name the dims of values outside of branches and loops.

    Numbers made of sizes are then computed once, or are constants; a Reshape or Expand to the same dims goes.
    """
    registry.collect()
    context = ShapeInferenceContext(model.opset_imports)
    first_values: dict[object, ir.Value] = {}  # by the numbers that each holds
    for value in (*model.graph.inputs, *model.graph.outputs):
        _name_input_or_output(value)
    for node in tuple(model.graph):
        _infer(node, context)
        _share(model.graph, node.outputs[0], context.get_symbolic_value(node.outputs[0]), first_values)
        if node.op_type in _RESHAPING:
            _drop_identity(node)
    for node in model.graph:
        for output in node.outputs:
            output.metadata_props.pop(SYM_DATA_KEY, None)


def _name_input_or_output(value: ir.Value) -> None:
    """Name what the file leaves open in an input or output: ``image_2`` for its axis 2."""
    if value.shape is not None:
        value.shape = ir.Shape(
            f"{value.name}_{axis}" if is_unnamed(dim) else dim for axis, dim in enumerate(dims(value))
        )


def _infer(node: ir.Node, context: ShapeInferenceContext) -> None:
    """Find a node's dims anew: names that follow count before those of the file."""
    declared = [None if output.shape is None else dims(output) for output in node.outputs]
    for output in node.outputs:
        output.shape = None
    infer = registry.get(node.domain, node.op_type, context.get_opset_version(node.domain))
    if infer is not None and node.op_type not in MISREAD:
        with suppress(Exception):  # of many kinds, for what it cannot follow: a dim called "exec(1)"
            infer(context, node)
    amend(node, context)
    for output, before in zip(node.outputs, declared, strict=True):
        _settle(output, before, context)


def _settle(value: ir.Value, declared: Dims | None, context: ShapeInferenceContext) -> None:
    """Prefer the file's own dim where it is a number, or a name where what was found has none."""
    inferred = declared if value.shape is None else dims(value)
    if inferred is None:
        return
    before = declared if declared is not None and len(declared) == len(inferred) else inferred
    value.shape = ir.Shape(
        _named(old if isinstance(old, int) or (is_unnamed(dim) and not is_unnamed(old)) else dim, context)
        for dim, old in zip(inferred, before, strict=True)
    )


def _named(dim: int | str | None, context: ShapeInferenceContext) -> int | str:
    """Give what is unknown a name of its own: ONNX itself counts its ``unk__7`` anew in each pass."""
    if dim is None or str(dim).startswith("unk__"):
        return str(context.new_symbolic_dim())
    return int(dim) if str(dim).isdigit() else dim


def _share(
    graph: ir.Graph,
    value: ir.Value,
    numbers: list[int | ir.SymbolicDim] | None,
    first: dict[object, ir.Value],
) -> None:
    """Use the first value of these numbers in the place of ``value``; where none has a name, a constant."""
    if numbers is None or value.dtype not in COUNTS or value.is_graph_output():
        return
    key = (value.dtype, dims(value), tuple(map(str, numbers)))
    if key not in first:
        first[key] = _constant(graph, value)
    if first[key] is not value:
        ir.convenience.replace_all_uses_with(value, first[key])


def _constant(graph: ir.Graph, value: ir.Value) -> ir.Value:
    tensor = ir.convenience.get_const_tensor(value)
    if tensor is None:
        return value
    name = unused_name(graph, f"{value.name}.known")
    initializer = ir.Value(name=name, shape=value.shape, type=value.type, const_value=tensor)
    graph.register_initializer(initializer)
    return initializer


def _drop_identity(node: ir.Node) -> None:
    source, output = node.inputs[0], node.outputs[0]
    if source is None or source.shape is None or output.is_graph_output():
        return
    if source.shape == output.shape:
        ir.convenience.replace_all_uses_with(output, source)
