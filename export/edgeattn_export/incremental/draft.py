"""An incremental graph in the making: its nodes, the weights it takes over, and the states it keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.passes import Sequential
from onnx_ir.passes.common import (
    CommonSubexpressionEliminationPass,
    DeduplicateInitializersPass,
    NameFixPass,
    RemoveUnusedNodesPass,
)
from onnx_ir.tape import Tape

Attributes = Mapping[str, int | float | Sequence[int] | ir.Attr]


class Draft:
    """Collects the nodes of a graph that is called again and again, in an order that runs.

    Args:
        whole: The model that it is made of.

    Attributes:
        tape: The nodes so far.
        states: The inputs that a call takes from the call before it, each with that call's output.
    """

    def __init__(self, whole: ir.Model) -> None:
        self.whole = whole
        self.tape = Tape()
        self.states: list[tuple[ir.Value, ir.Value]] = []
        self._weights: dict[ir.Value, ir.Value] = {}
        inner = (value for node in whole.graph for value in node.outputs)
        self._names = {value.name for value in (*whole.graph.inputs, *inner)} | {*whole.graph.initializers}

    def op(
        self,
        op_type: str,
        inputs: Sequence[ir.Value | None],
        attributes: Attributes | None = None,
        *,
        name: str | None = None,
    ) -> ir.Value:
        """Add a node of one output."""
        output = self.tape.op(op_type, inputs, attributes)
        output.name = name
        return output

    def constant(self, array: NDArray[np.generic] | np.generic, stem: str) -> ir.Value:
        """Take in a new constant."""
        name = self.unused(stem)
        return self.tape.initializer(ir.tensor(np.asarray(array, order="C"), name=name), name)

    def take(self, value: ir.Value, tensor: ir.TensorProtocol) -> ir.Value:
        """Take over a value of the whole graph, under its name, as a constant that holds ``tensor``."""
        if value not in self._weights:
            dtype, shape = ir.TensorType(tensor.dtype), ir.Shape(tensor.shape.numpy())
            self._weights[value] = ir.Value(name=value.name, type=dtype, shape=shape, const_value=tensor)
        return self._weights[value]

    def weight(self, value: ir.Value) -> ir.Value:
        """Take over a weight of the whole graph.

        Raises:
            TypeError: It holds nothing.
        """
        if value.const_value is None:
            raise TypeError(f"{value.name}: a weight without values")
        return self.take(value, value.const_value)

    def clone(
        self,
        node: ir.Node,
        inputs: Sequence[ir.Value | None],
        attributes: Attributes | None = None,
        suffix: str = "",
    ) -> Sequence[ir.Value]:
        """Take over a node with other inputs, and return its outputs, under their names and the suffix."""
        outputs = self.tape.op_multi_out(
            node.op_type,
            inputs,
            {**node.attributes, **(attributes or {})},
            num_outputs=len(node.outputs),
            domain=node.domain,
            metadata_props=dict(node.metadata_props),
        )
        for old, new in zip(node.outputs, outputs, strict=True):
            new.name, new.type = old.name and f"{old.name}{suffix}", old.type
        return outputs

    def model(self, inputs: Sequence[ir.Value], outputs: Sequence[ir.Value], name: str) -> ir.Model:
        """Return the graph of these inputs and outputs, and of the states."""
        graph = ir.Graph(
            [*inputs, *(past for past, _ in self.states)],
            [*outputs, *(present for _, present in self.states)],
            nodes=self.tape.nodes,
            initializers=[*self._weights.values(), *self.tape.initializers],
            opset_imports=dict(self.whole.graph.opset_imports),
            name=name,
        )
        return tidied(ir.Model(graph, ir_version=self.whole.ir_version))

    def unused(self, stem: str) -> str:
        """Return a name that nothing else has: the stem, with a number behind it where it is taken."""
        name, number = stem, 0
        while name in self._names:
            number += 1
            name = f"{stem}.{number}"
        self._names.add(name)
        return name


def tidied(model: ir.Model) -> ir.Model:
    """Put a model in order in place: nothing unused, nothing twice, every name once."""
    Sequential(
        NameFixPass(),
        RemoveUnusedNodesPass(),
        DeduplicateInitializersPass(),
        CommonSubexpressionEliminationPass(),
        RemoveUnusedNodesPass(),
    )(model)
    return model
