"""The graph of a decoder's step in the making: the new tokens, and what it takes over from the sources.

What it takes from a source goes by name: first of all the keys and values of its cross-attention.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import count

import numpy as np
import onnx_ir as ir

from edgeattn_export.incremental.draft import Draft
from edgeattn_export.incremental.kv_cache.anatomy import Anatomy, sizes_read
from edgeattn_export.incremental.kv_cache.measured_dims import Pair
from edgeattn_runtime.graph import symbols_of

CROSS = {1: "cross_key", 2: "cross_value", 3: "cross_mask"}  # names by an Attention's operand
OTHER = "carried"
ENCODED = "encoded"  # the symbol of a length that an encoder makes of its source's


def bridge(anatomy: Anatomy) -> Mapping[ir.Value, str]:
    """Return the last values that depend only on the source, each with the name that it is carried by.

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


class DecoderDraft(Draft):
    """Collects the nodes of a decoder's step.

    Attributes:
        anatomy: The whole graph.
        tokens: The input of only the new tokens.
        carried: By value of the whole graph, the input that stands for it: what the encoder computes once.
    """

    def __init__(self, anatomy: Anatomy) -> None:
        super().__init__(anatomy.model)
        self.anatomy = anatomy
        tokens = anatomy.roles.tokens.name
        whole = next(value for value in anatomy.model.graph.inputs if value.name == tokens)
        self.whole_tokens = whole
        self.tokens = ir.Value(name=whole.name, type=whole.type, shape=whole.shape)
        self.carried: dict[ir.Value, ir.Value] = {}
        self._bridge = bridge(anatomy)
        self._sizes: dict[str, ir.Value] = {}
        self._lengths: dict[Pair, str] = {}

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


class Copies:
    """Values of the whole graph as they are for ``length`` tokens, each computed once, where it is asked for.

    Weights and what the encoder carries are taken as they are; what is by the length is computed again, with
    ``length`` wherever a Shape would have given the number of tokens.
    """

    def __init__(self, draft: DecoderDraft, length: ir.Value, suffix: str = "") -> None:
        self._draft = draft
        self._length = length
        self._suffix = suffix
        self._made: dict[ir.Value, ir.Value] = {}

    def give(self, value: ir.Value, copy: ir.Value) -> None:
        """Let ``copy`` stand for a value, as the new tokens stand for the tokens."""
        self._made[value] = copy

    def of(self, value: ir.Value) -> ir.Value:
        """Return the copy of a value that reads no tokens, or that has been given."""
        if value not in self._made:
            node = value.producer()
            if self._draft.anatomy.by_source(value):
                self._made[value] = self._draft.carry(value)
            elif node is None:
                self._made[value] = self._draft.weight(value)
            else:
                self._copy(node)
        return self._made[value]

    def _copy(self, node: ir.Node) -> None:
        sizes = sizes_read(node, self._draft.anatomy.dims)
        if sizes is not None:
            self._made[node.outputs[0]] = self._sizes(sizes, f"{node.outputs[0].name}{self._suffix}")
            return
        inputs = [None if value is None else self.of(value) for value in node.inputs]
        clones = self._draft.clone(node, inputs, suffix=self._suffix)
        for old, new in zip(node.outputs, clones, strict=True):
            self._made[old] = new
            if not self._draft.anatomy.by_length(old):
                new.shape = old.shape

    def _sizes(self, sizes: tuple[int | str, ...], name: str) -> ir.Value:
        parts = [self._size(size, f"{name}.{axis}") for axis, size in enumerate(sizes)]
        return self._draft.op("Concat", parts, {"axis": 0}, name=name) if len(parts) != 1 else parts[0]

    def _size(self, size: int | str, name: str) -> ir.Value:
        if isinstance(size, int):
            return self._draft.constant(np.array([size], np.int64), name)
        return self._length if size == self._draft.anatomy.roles.sequence else self._draft.size(size)
