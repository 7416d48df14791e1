"""How every value of a graph grows with the hops: measured at three lengths.

What follows only from the length, such as a mask, is then known at any length, without a run of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.dataflow import sources
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.fallback import finding
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.values import values_of, with_outputs
from edgeattn_export.incremental.draft import Draft
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_export.incremental.streaming.stream import sizes_of
from edgeattn_runtime.errors import EdgeAttnError

HOPS = (12, 24, 48)  # at which a graph is run, unless it ends before: many strides divide them
LENGTH = "hops"  # the input of a graph of what follows from the length

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Size:
    """A size that is ``rate`` for each hop and ``rest`` more."""

    rate: int
    rest: int

    def at(self, hops: int) -> int:
        """Return it after so many hops."""
        return self.rate * hops + self.rest


@dataclass(frozen=True, slots=True)
class Growth:
    """A graph's values at some lengths.

    Attributes:
        model: The graph.
        engine: Runs it.
        hops: The lengths.
        shapes: By name, a shape for each of them.
        dtypes: By name.
        counted: By name, a value for each of them, of what follows only from the length.
    """

    model: ir.Model
    engine: Engine
    hops: tuple[int, ...]
    shapes: Mapping[str, tuple[tuple[int, ...], ...]]
    dtypes: Mapping[str, ir.DataType]
    counted: Mapping[str, tuple[Array, ...]]

    def reads(self, value: ir.Value | None) -> bool:
        """Say whether the input's values reach ``value``."""
        return value is not None and value.name in self.shapes and value.name not in self.counted

    def sizes(self, value: ir.Value) -> tuple[Size | None, ...]:
        """Return how each axis of a value grows; None where that follows no rule.

        Raises:
            CannotStep: Its rank differs.
        """
        shapes = self.shapes.get(value.name or "")
        if shapes is None:
            return tuple(Size(0, size) for size in sizes_of(value))
        if len({len(shape) for shape in shapes}) != 1:
            raise CannotStep(f"{value.name!r} has another rank at another length")
        return tuple(self._size(sizes) for sizes in zip(*shapes, strict=True))

    def _size(self, sizes: Sequence[int]) -> Size | None:
        rate = (sizes[1] - sizes[0]) // (self.hops[1] - self.hops[0])
        size = Size(rate, sizes[0] - rate * self.hops[0])
        return size if all(size.at(n) == each for n, each in zip(self.hops, sizes, strict=True)) else None

    def parts(self, value: ir.Value) -> int:
        """Return how many hops it takes, at least, for each axis of a value to grow by whole numbers."""
        shapes = self.shapes[value.name or ""]
        pairs = zip(shapes[0], shapes[1], strict=True)
        between = self.hops[1] - self.hops[0]
        return lcm(*(Fraction(large - small, between).denominator for small, large in pairs))

    def grown_axes(self, value: ir.Value) -> tuple[int, ...]:
        """Return the axes along which a value is longer after more hops."""
        return tuple(i for i, size in enumerate(self.sizes(value)) if size is None or size.rate)

    def constant(self, value: ir.Value) -> Array | None:
        """Return the array of a value that is the same at every length, else None."""
        counted = self.counted.get(value.name or "")
        if counted is None:
            tensor = None if value.name in self.shapes else ir.convenience.get_const_tensor(value)
            return None if tensor is None else tensor.numpy()
        first, *others = counted
        return first if all(np.array_equal(first, other) for other in others) else None

    def by_length(self, value: ir.Value) -> Callable[[int], Array]:
        """Return what computes a value that follows only from the length, given how many hops there are."""
        name = value.name or ""
        runner = self.engine.runner(_counting(self, value))
        return lambda hops: runner({LENGTH: np.array([hops], np.int64)})[name]


def measure(model: ir.Model, engine: Engine, inputs: Callable[[int], Inputs], hops: Sequence[int]) -> Growth:
    """Run a graph at some lengths, and keep the dims of all values, and what follows from the length.

    Raises:
        CannotStep: The graph does not take one of them.
    """
    runner = engine.runner(with_outputs(model, values_of(model)))
    shapes: dict[str, tuple[tuple[int, ...], ...]] = {}
    counted: dict[str, tuple[Array, ...]] = dict.fromkeys(_counted(model.graph), ())
    dtypes: dict[str, ir.DataType] = {}
    for count in hops:
        try:
            values = {**(given := inputs(count)), **runner(given)}
        except EdgeAttnError as error:
            raise CannotStep(f"the model does not take {count} hops: {finding(error)}") from error
        for name, array in values.items():
            shapes[name] = (*shapes.get(name, ()), array.shape)
            dtypes[name] = ir.DataType.from_numpy(array.dtype)
            if name in counted:
                counted[name] += (array,)
    return Growth(model, engine, tuple(hops), shapes, dtypes, counted)


def _counted(graph: ir.Graph) -> Iterator[str]:
    """Yield the names of what nodes make of nothing but constants and sizes."""
    reading = set(graph.inputs)
    for node in graph:
        if node.op_type != "Shape" and not reading.isdisjoint(sources(node)):
            reading.update(node.outputs)
        else:
            yield from (value.name for value in node.outputs if value.name)


def _counting(growth: Growth, value: ir.Value) -> ir.Model:
    """Return a graph that computes a value of the number of hops, int64 (1,)."""
    draft, copies = Draft(growth.model), dict[ir.Value, ir.Value]()
    length = ir.Value(name=LENGTH, type=ir.TensorType(ir.DataType.INT64), shape=ir.Shape([1]))

    def number(count: int) -> ir.Value:
        return draft.constant(np.array([count], np.int64), "count")

    def size(of: Size | None) -> ir.Value:
        if of is None:
            raise CannotStep(f"{value.name!r} follows from a size that no rule determines")
        return draft.op("Add", [draft.op("Mul", [length, number(of.rate)]), number(of.rest)])

    for node in growth.model.graph:
        if node.op_type == "Shape":
            first, last = node.attributes.get_int("start", 0), node.attributes.get_int("end", None)
            sizes = [size(each) for each in growth.sizes(sources(node)[0])[first:last]]
            copies[node.outputs[0]] = draft.op("Concat", sizes, {"axis": 0}) if sizes else number(0)
        elif all(each.name in growth.counted for each in node.outputs if each.name):
            inputs = [each and (copies.get(each) or draft.weight(each)) for each in node.inputs]
            copies.update(zip(node.outputs, draft.clone(node, inputs), strict=True))
    answer = copies[value]
    answer.name, answer.type = value.name, ir.TensorType(growth.dtypes[value.name or ""])
    answer.shape = ir.Shape([None] * len(growth.shapes[value.name or ""][0]))
    return draft.model([length], [answer], LENGTH)
