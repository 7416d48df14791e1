"""The graph of a hop in the making: its states, of fixed sizes, and the stretches of time that it reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from edgeattn_export.incremental.draft import Draft
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.incremental.streaming.growth import Growth
from edgeattn_export.incremental.streaming.stream import Stream, sizes_of
from edgeattn_runtime.bundle.streaming import STATE_DTYPES


class HopDraft(Draft):
    """Collects the nodes of the graph of a hop.

    Attributes:
        growth: The whole graph.
    """

    def __init__(self, growth: Growth) -> None:
        super().__init__(growth.model)
        self.growth = growth
        self._count: ir.Value | None = None

    def number(self, *numbers: int) -> ir.Value:
        """Take in whole numbers, int64 (n,)."""
        return self.constant(np.array(numbers, np.int64), "stream.numbers")

    def weight(self, value: ir.Value) -> ir.Value:
        """Take over a weight of the whole graph, or what does not depend on the length, under its name.

        Raises:
            CannotStep: It is another one at each length.
        """
        array = self.growth.constant(value)
        if array is None:
            raise CannotStep(f"needs {value.name!r}, which is another one at each length")
        if value.const_value is None:
            return self.take(value, ir.tensor(array, name=value.name))
        return super().weight(value)

    def past(self, dims: Sequence[int], dtype: ir.DataType) -> ir.Value:
        """Take in a state; ``keep`` says what it becomes.

        Raises:
            CannotStep: Of a dtype that no state has.
        """
        if str(dtype.numpy()) not in STATE_DTYPES:
            raise CannotStep(f"keeps numbers of {dtype.numpy()}; {', '.join(STATE_DTYPES)} expected")
        name = self.unused(f"past_state_{len(self.states)}")
        past = ir.Value(name=name, type=ir.TensorType(dtype), shape=ir.Shape(dims))
        self.states.append((past, past))
        return past

    def keep(self, past: ir.Value, present: ir.Value) -> None:
        """Carry ``present`` over, to be ``past`` in the next hop."""
        number = next(i for i, (each, _) in enumerate(self.states) if each is past)
        kept = self.op("Identity", [present], name=self.unused(f"state_{number}"))
        kept.type, kept.shape = past.type, past.shape
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
            fill = self.constant(np.array([stream.fill], dtype.numpy()), "stream.fill")
            filled = self.op("Where", [begun, past, fill])
        window = self.op("Concat", [filled, stream.value], {"axis": stream.axis})
        self.keep(past, self.cut(window, stream.axis, -back, None))
        return window

    def cut(self, value: ir.Value, axis: int, first: int, last: int | None) -> ir.Value:
        """Return a stretch of a value along an axis."""
        end = np.iinfo(np.int64).max if last is None else last
        return self.op("Slice", [value, self.number(first), self.number(int(end)), self.number(axis)])
