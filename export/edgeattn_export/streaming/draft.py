"""A step graph in the making: its nodes, the weights it takes over, and the states it keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.cache.tidy import tidied
from edgeattn_export.streaming.growth import Growth
from edgeattn_export.streaming.stream import CannotStream, Stream, sizes_of
from edgeattn_runtime.bundle.streaming import STATE_DTYPES

Attributes = Mapping[str, int | float | Sequence[int] | ir.Attr]


class Draft:
    """Collects the nodes of a step graph, in an order that runs.

    Attributes:
        growth: The whole graph.
        tape: The nodes so far.
        states: The inputs and outputs that carry over from hop to hop.
    """

    def __init__(self, growth: Growth) -> None:
        self.growth = growth
        self.tape = Tape()
        self.states: list[tuple[ir.Value, ir.Value]] = []
        self._weights: dict[ir.Value, ir.Value] = {}
        self._names = {*growth.shapes, *growth.model.graph.initializers}
        self._count: ir.Value | None = None

    def op(
        self, op_type: str, inputs: Sequence[ir.Value | None], attributes: Attributes | None = None
    ) -> ir.Value:
        """Add a node of one output."""
        return self.tape.op(op_type, inputs, attributes)

    def constant(self, array: NDArray[np.generic] | np.generic, stem: str) -> ir.Value:
        """Take in a new constant."""
        name = self._unused(stem)
        return self.tape.initializer(ir.tensor(np.ascontiguousarray(array), name=name), name)

    def number(self, *numbers: int) -> ir.Value:
        """Take in whole numbers, int64 (n,)."""
        return self.constant(np.array(numbers, np.int64), "stream.numbers")

    def weight(self, value: ir.Value) -> ir.Value:
        """Take over a weight of the whole graph, or what does not depend on the length, under its name.

        Raises:
            CannotStream: It is another one at each length.
        """
        if value not in self._weights:
            array = self.growth.constant(value)
            if array is None:
                raise CannotStream(f"needs {value.name!r}, which is another one at each length")
            tensor = ir.tensor(array, name=value.name) if value.const_value is None else value.const_value
            dtype = ir.TensorType(tensor.dtype)
            self._weights[value] = ir.Value(
                name=value.name, type=dtype, shape=ir.Shape(array.shape), const_value=tensor
            )
        return self._weights[value]

    def clone(
        self, node: ir.Node, inputs: Sequence[ir.Value | None], attributes: Attributes | None = None
    ) -> Sequence[ir.Value]:
        """Take over a node with other inputs, and return its outputs, under their names."""
        outputs = self.tape.op_multi_out(
            node.op_type,
            inputs,
            {**node.attributes, **(attributes or {})},
            num_outputs=len(node.outputs),
            domain=node.domain,
            metadata_props=dict(node.metadata_props),
        )
        for old, new in zip(node.outputs, outputs, strict=True):
            new.name, new.type = old.name, old.type
        return outputs

    def past(self, dims: Sequence[int], dtype: ir.DataType) -> ir.Value:
        """Take in a state; ``keep`` says what it becomes.

        Raises:
            CannotStream: Of a dtype that no state has.
        """
        if str(dtype.numpy()) not in STATE_DTYPES:
            raise CannotStream(f"keeps numbers of {dtype.numpy()}; {', '.join(STATE_DTYPES)} expected")
        name = self._unused(f"past_state_{len(self.states)}")
        past = ir.Value(name=name, type=ir.TensorType(dtype), shape=ir.Shape(dims))
        self.states.append((past, past))
        return past

    def keep(self, past: ir.Value, present: ir.Value) -> None:
        """Carry ``present`` over, to be ``past`` in the next hop."""
        number = next(i for i, (each, _) in enumerate(self.states) if each is past)
        kept = self.op("Identity", [present])
        kept.name, kept.type, kept.shape = self._unused(f"state_{number}"), past.type, past.shape
        self.states[number] = (past, kept)

    @property
    def count(self) -> ir.Value:
        """How many hops were before this one, int64 (1,)."""
        if self._count is None:
            self._count = self.past([1], ir.DataType.INT64)
            self.keep(self._count, self.op("Add", [self._count, self.number(1)]))
        return self._count

    def counted(self, rate: int) -> ir.Value:
        """Return how many values of a rate were before this hop, int64 (1,)."""
        return self.op("Mul", [self.count, self.number(rate)])

    def window(self, stream: Stream, back: int) -> ir.Value:
        """Return a hop's values behind the last ``back`` of those before it, which it keeps.

        Before the first hop, these are the stream's fill.
        """
        if not back:
            return stream.value
        dims = sizes_of(stream.value)
        dims[stream.axis] = back
        dtype = stream.value.dtype or ir.DataType.FLOAT
        past = filled = self.past(dims, dtype)
        if stream.fill:
            begun = self.op("Greater", [self.count, self.number(0)])
            fill = self.constant(np.array(stream.fill, dtype.numpy()), "stream.fill")
            filled = self.op("Where", [begun, past, fill])
        window = self.op("Concat", [filled, stream.value], {"axis": stream.axis})
        self.keep(past, self.cut(window, stream.axis, -back, None))
        return window

    def cut(self, value: ir.Value, axis: int, first: int, last: int | None) -> ir.Value:
        """Return a stretch of a value along an axis."""
        end = np.iinfo(np.int64).max if last is None else last
        return self.op("Slice", [value, self.number(first), self.number(int(end)), self.number(axis)])

    def model(self, pieces: Sequence[ir.Value], outputs: Sequence[ir.Value]) -> ir.Model:
        """Return the step graph of these inputs and outputs, and of the states."""
        whole = self.growth.model
        graph = ir.Graph(
            [*pieces, *(past for past, _ in self.states)],
            [*outputs, *(present for _, present in self.states)],
            nodes=self.tape.nodes,
            initializers=[*self._weights.values(), *self.tape.initializers],
            opset_imports=dict(whole.graph.opset_imports),
            name="step",
        )
        return tidied(ir.Model(graph, ir_version=whole.ir_version))

    def _unused(self, stem: str) -> str:
        name, number = stem, 0
        while name in self._names:
            number += 1
            name = f"{stem}.{number}"
        self._names.add(name)
        return name
