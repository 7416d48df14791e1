"""A step graph in the making: its inputs and nodes, and what it takes over from the whole graph.

What it takes from a source goes by name: first of all the keys and values of its cross-attention.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.cache.anatomy import Anatomy, sizes_read
from edgeattn_export.cache.measured_dims import Pair
from edgeattn_runtime.graph import symbols_of

CROSS = {1: "cross_key", 2: "cross_value", 3: "cross_mask"}  # names by an Attention's operand
OTHER = "carried"
ENCODED = "encoded"  # the symbol of a length that an encoder makes of its source's


def bridge(anatomy: Anatomy) -> Mapping[ir.Value, str]:
    """Return the last values that depend on the source alone, each with the name that it is carried by.

    The keys and values of the i-th cross-attention are ``cross_key_i`` and ``cross_value_i``.
    """
    names: dict[ir.Value, str] = {}
    count: Counter[str] = Counter()
    for node in anatomy.model.graph:
        if all(map(anatomy.by_source, node.outputs)) or sizes_read(node, anatomy.dims) is not None:
            continue
        for operand, value in enumerate(node.inputs):
            if value is not None and value not in names and anatomy.by_source(value):
                stem = CROSS.get(operand, OTHER) if node.op_type == "Attention" else OTHER
                names[value] = f"{stem}_{count[stem]}"
                count[stem] += 1
    return names


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
        self._lengths: dict[Pair, str] = {}

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
        """Make a value of the sources an input."""
        if value not in self.carried:
            self.carried[value] = self._alike(value, self._bridge.get(value, value.name))
        return self.carried[value]

    def memory(self, value: ir.Value) -> ir.Value:
        """Return an output of the whole graph as the encoder gives it: under its own name."""
        return self._alike(value, value.name)

    def _alike(self, value: ir.Value, name: str | None) -> ir.Value:
        dtype = self.anatomy.dtype(value)
        return ir.Value(name=name, type=ir.TensorType(dtype), shape=ir.Shape(self._named_dims(value)))

    def _named_dims(self, value: ir.Value) -> list[int | str]:
        """Return a value's dims; one that no input has is named too, such as ``encoded``."""
        return [
            self._length(self.anatomy.measured[value.name or ""].sizes[axis]) if dim is None else dim
            for axis, dim in enumerate(self.anatomy.dims(value))
        ]

    def _length(self, sizes: Pair) -> str:
        if sizes not in self._lengths:
            taken = {*symbols_of(self.anatomy.roles.inputs), *self._lengths.values()}
            names = (f"{ENCODED}_{i}" if i > 1 else ENCODED for i in count(1))
            self._lengths[sizes] = next(name for name in names if name not in taken)
        return self._lengths[sizes]

    def size(self, symbol: str) -> ir.Value:
        """Return the size of a symbol in a call, int64 (1,); that of the tokens' is how many are new."""
        if symbol not in self._sizes:
            self._sizes[symbol] = self._size(symbol)
        return self._sizes[symbol]

    def _size(self, symbol: str) -> ir.Value:
        tokens = self.anatomy.roles.tokens.dims
        if symbol in tokens:
            return self._size_of(self.tokens, tokens.index(symbol), symbol)
        for value in (*self.carried, *self._bridge):
            dims = self.anatomy.dims(value)
            if symbol in dims:
                return self._size_of(self.carry(value), dims.index(symbol), symbol)
        return self.carry(self.anatomy.lengths[symbol])

    def _size_of(self, value: ir.Value, axis: int, symbol: str) -> ir.Value:
        return self.op("Shape", [value], {"start": axis, "end": axis + 1}, name=f"{symbol}.size")
