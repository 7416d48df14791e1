"""A step graph in the making: its inputs and nodes, and what it takes over from the whole graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.cache.anatomy import Anatomy
from edgeattn_export.cache.refusal import CannotStep
from edgeattn_export.cache.source import bridge


class Draft:
    """Collects the nodes of a step graph, in an order that runs.

    Attributes:
        anatomy: The whole graph.
        tape: The nodes so far.
        tokens: The input of the new tokens alone.
        carried: By value of the whole graph, the input that stands for it: what the encoder computes once.
    """

    def __init__(self, anatomy: Anatomy) -> None:
        self.anatomy = anatomy
        self.tape = Tape()
        name = anatomy.roles.tokens.name
        tokens = next(value for value in anatomy.model.graph.inputs if value.name == name)
        self.tokens = ir.Value(name=name, type=tokens.type, shape=tokens.shape)
        self.carried: dict[ir.Value, ir.Value] = {}
        self._bridge = bridge(anatomy)
        self._weights: dict[ir.Value, ir.Value] = {}
        self._constants: dict[str, ir.Value] = {}
        self._sizes: dict[str, ir.Value] = {}

    @property
    def initializers(self) -> tuple[ir.Value, ...]:
        """The weights taken over, and the constants taken in."""
        return (*self._weights.values(), *self.tape.initializers)

    def weight(self, value: ir.Value) -> ir.Value:
        """Take over a weight of the whole graph."""
        if value not in self._weights:
            self._weights[value] = ir.Value(
                name=value.name, type=value.type, shape=value.shape, const_value=value.const_value
            )
        return self._weights[value]

    def constant(self, array: NDArray[np.generic] | np.generic, name: str) -> ir.Value:
        """Take in a new constant; one of the same name must be the same, and is made once."""
        if name not in self._constants:
            unused = name
            while unused in self.anatomy.model.graph.initializers:
                unused = f"{unused}_"
            self._constants[name] = self.tape.initializer(ir.tensor(array, name=unused), unused)
        return self._constants[name]

    def op(
        self,
        op_type: str,
        inputs: Sequence[ir.Value | None],
        attributes: Mapping[str, int | Sequence[int]] | None = None,
        *,
        name: str,
    ) -> ir.Value:
        """Add a node of one output."""
        output = self.tape.op(op_type, inputs, attributes)
        output.name = name
        return output

    def clone(
        self, node: ir.Node, inputs: Sequence[ir.Value | None], suffix: str = ""
    ) -> Mapping[ir.Value, ir.Value]:
        """Take over a node with other inputs, and return what each of its outputs has become."""
        outputs = self.tape.op_multi_out(
            node.op_type,
            inputs,
            node.attributes,
            num_outputs=len(node.outputs),
            domain=node.domain,
            metadata_props=dict(node.metadata_props),
        )
        for old, new in zip(node.outputs, outputs, strict=True):
            new.name = old.name and f"{old.name}{suffix}"
            new.type = old.type
        return dict(zip(node.outputs, outputs, strict=True))

    def carry(self, value: ir.Value) -> ir.Value:
        """Make a value of the source an input.

        Raises:
            CannotStep: One of its sizes is none of the source's own axes.
        """
        if value not in self.carried:
            dims = self.anatomy.dims(value)
            if None in dims:
                raise CannotStep(
                    f"{value.name!r}, which the decoder takes from the source, has dims {dims}; sizes of the "
                    "source's own axes expected"
                )
            self.carried[value] = ir.Value(
                name=self._bridge[value],
                type=ir.TensorType(self.anatomy.dtype(value)),
                shape=ir.Shape(dims),
            )
        return self.carried[value]

    def size(self, symbol: str) -> ir.Value:
        """Return the size that a symbol has in a call, int64 (1,); the tokens' own is that of the new ones.

        Raises:
            CannotStep: No input of the step graph has the symbol.
        """
        if symbol not in self._sizes:
            holder, axis = self._holder(symbol)
            attributes = {"start": axis, "end": axis + 1}
            self._sizes[symbol] = self.op("Shape", [holder], attributes, name=f"{symbol}.size")
        return self._sizes[symbol]

    def _holder(self, symbol: str) -> tuple[ir.Value, int]:
        tokens = self.anatomy.roles.tokens.dims
        if symbol in tokens:
            return self.tokens, tokens.index(symbol)
        for value in (*self.carried, *self._bridge):
            dims = self.anatomy.dims(value)
            if symbol in dims and None not in dims:
                return self.carry(value), dims.index(symbol)
        raise CannotStep(f"nothing that the decoder takes from the source has the axis {symbol!r}")
