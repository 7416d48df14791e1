"""Graphs of ONNX, recorded operator by operator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_runtime.graph import Graph, Tensor

Array = NDArray[Any]

OPSETS = {"": 23, "com.microsoft": 1}
IR_VERSION = 10  # the oldest that names opset 23


def trained(seed: int, scale: int, **shapes: tuple[int, ...]) -> dict[str, Array]:
    """Return weights by their names, as if trained: float32, the same on every machine, up to 99 / scale."""
    random = np.random.default_rng(seed)
    return {name: random.integers(-99, 100, dims).astype(np.float32) / scale for name, dims in shapes.items()}


def attention(query: Array, key: Array, value: Array, bias: Array) -> Array:
    """Compute attention in numpy.

    Args:
        query: (batch, sequence, width).
        key: (batch, heads, total, size), where one head may stand for all.
        value: The same.
        bias: Added to the scores (batch, heads, sequence, total).
    """
    batch, sequence, width = query.shape
    size = key.shape[-1]
    query = query.reshape(batch, sequence, -1, size).swapaxes(1, 2)  # (B, H, S, D)
    scores = query @ key.swapaxes(2, 3) / np.sqrt(size) + bias
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed: Array = scores / scores.sum(-1, keepdims=True) @ value
    return mixed.swapaxes(1, 2).reshape(batch, sequence, width)


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
        array = np.asarray(value)
        if not isinstance(value, np.ndarray | np.generic) and array.dtype.kind == "f":
            array = array.astype(np.float32)
        self._constants += name is None
        return self._tape.initializer(ir.tensor(array, name=name or f"constant_{self._constants}"))

    def external(self, tensor: ir.ExternalTensor) -> ir.Value:
        """Return a constant that lies in another file."""
        return self._tape.initializer(tensor)

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


def _value(tensor: Tensor) -> ir.Value:
    return ir.val(tensor.name, ir.DataType.from_numpy(np.dtype(tensor.dtype)), tensor.dims)
