"""Graphs of ONNX, recorded operator by operator, and what they answer by ONNX's reference evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

from edgeattn_runtime.graph import Graph, Tensor

Array = NDArray[Any]

OPSETS = {"": 21, "com.microsoft": 1}
IR_VERSION = 10  # the oldest that names opset 21


def trained(seed: int, scale: int, **shapes: tuple[int, ...]) -> dict[str, Array]:
    """Return weights by their names, as if trained: float32, the same on every machine, up to 99 / scale."""
    random = np.random.default_rng(seed)
    return {name: random.integers(-99, 100, dims).astype(np.float32) / scale for name, dims in shapes.items()}


class Recorder:
    """Records a graph: each operator is a method, given its inputs and, by their names, its attributes.

    Numbers, lists and arrays among the inputs become constants: in float32 and int64, but for arrays.

    Attributes:
        graph: What it takes and gives.
        inputs: Of the graph.
        outputs: Of the graph, each to be the ``output`` of one operator.
    """

    def __init__(self, graph: Graph) -> None:
        self._tape = ir.tape.Tape()
        self._constants = 0
        self.graph = graph
        self.inputs = [_value(tensor) for tensor in graph.inputs]
        self.outputs = [_value(tensor) for tensor in graph.outputs]

    def __getattr__(self, operator: str) -> Callable[..., Any]:
        return partial(self._record, operator)

    def _record(
        self, operator: str, *operands: Any, parts: int = 1, output: ir.Value | None = None, **attributes: Any
    ) -> Any:
        """Return the operator's output, or its ``parts``."""
        names = {key: attributes.pop(key) for key in ("domain", "overload") if key in attributes}
        inputs = [each if isinstance(each, ir.Value | None) else self.constant(each) for each in operands]
        if parts > 1:
            return self._tape.op_multi_out(operator, inputs, attributes, num_outputs=parts, **names)
        return self._tape.op(operator, inputs, attributes, output=output, **names)

    def constant(self, value: Any, name: str | None = None) -> ir.Value:
        """Return a constant, with a name where it has one."""
        if isinstance(value, ir.ExternalTensor):
            return self._tape.initializer(value)
        array = np.asarray(value)
        if not isinstance(value, np.ndarray | np.generic) and array.dtype.kind == "f":
            array = array.astype(np.float32)
        self._constants += name is None
        return self._tape.initializer(ir.tensor(array, name=name or f"constant_{self._constants}"))

    def model(self) -> ir.Model:
        """Return all that was recorded."""
        graph = ir.Graph(
            self.inputs,
            self.outputs,
            nodes=self._tape.nodes,
            initializers=self._tape.initializers,
            opset_imports=dict(OPSETS),
            name="tiny",
        )
        return ir.Model(graph, ir_version=IR_VERSION)


def heads_of(net: Recorder, x: ir.Value, heads: int, size: int) -> Any:
    """Return rows (B, S, heads * size) by heads, (B, H, S, size)."""
    return net.Transpose(net.Reshape(x, [0, 0, heads, size]), perm=[0, 2, 1, 3])


def attended(
    net: Recorder, size: int, query: ir.Value, key: ir.Value, value: ir.Value, bias: ir.Value
) -> Any:
    """Attend with heads (B, H, S, size) under a bias, by opset 21; return rows (B, S, H * size)."""
    scores = net.Mul(net.MatMul(query, net.Transpose(key, perm=[0, 1, 3, 2])), size**-0.5)  # (B, H, S, T)
    mixed = net.MatMul(net.Softmax(net.Add(scores, bias), axis=-1), value)
    return net.Reshape(net.Transpose(mixed, perm=[0, 2, 1, 3]), [0, 0, -1])


def _value(tensor: Tensor) -> ir.Value:
    return ir.val(tensor.name, ir.DataType.from_numpy(np.dtype(tensor.dtype)), tensor.dims)


class Reference:
    """Answers as a graph does, in the dtypes of its inputs: a name for each array."""

    def __init__(self, model: ir.Model) -> None:
        values = ((value.name, value.dtype) for value in model.graph.inputs)
        self._dtypes = {name: dtype.numpy() for name, dtype in values if name and dtype}
        self._evaluator = ReferenceEvaluator(ir.serde.serialize_model(model))

    def __call__(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Return the outputs."""
        given = {name: inputs[name].astype(dtype) for name, dtype in self._dtypes.items()}
        return dict(zip(self._evaluator.output_names, self._evaluator.run(None, given), strict=True))


def in_float64(model: ir.Model) -> ir.Model:
    """Return a graph that computes in float64 what it did in float32."""
    for value in (*model.graph.inputs, *model.graph.outputs):
        if value.dtype == ir.DataType.FLOAT:
            value.dtype = ir.DataType.DOUBLE
    for value in model.graph.initializers.values():
        tensor = value.const_value
        if tensor is not None and tensor.dtype == ir.DataType.FLOAT:
            value.const_value = ir.tensor(tensor.numpy().astype(np.float64), name=value.name)
    for node in model.graph:
        if node.op_type == "Cast" and node.attributes["to"].as_int() == ir.DataType.FLOAT:
            node.attributes["to"] = ir.AttrInt64("to", ir.DataType.DOUBLE)
    return model


def round_to_float32(model: ir.Model, node: ir.Node) -> None:
    """Round the output of a node in a graph that computes in float64."""
    narrow = ir.node("Cast", node.outputs, {"to": ir.DataType.FLOAT})
    wide = ir.node("Cast", narrow.outputs, {"to": ir.DataType.DOUBLE})
    for user, place in [*node.outputs[0].uses()]:
        if user is not narrow:
            user.replace_input_with(place, wide.outputs[0])
    model.graph.insert_after(node, (narrow, wide))
