"""The network of the conformance bundles that stream in steps, which bundles.json describes.

Along the time of x, at each place t:

    mean = (x[0] + ... + x[t]) / (t + 1)
    smooth = x[t] + 2 x[t - 1] + 3 x[t - 2], with zeros before the beginning
    loud = whether any of x[0] to x[t] is above a half

A step keeps the sum so far (float32), how many places there were (int64), the last two places (float32) and
whether any was loud (bool).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir
from bundles import CPU, MODEL_FILE, SAMPLES, TABLE, onnx, whole
from case import Files
from graphs import Array, Recorder

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.bundle.streaming import Streaming
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Graph
from edgeattn_runtime.processing import Audio, Processing, Series

_END = 2**31 - 1  # of a slice: its axis's
_LOUD = 0.5
_TAPS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: one bundle."""

    bundle: str
    why: str
    graphs: Mapping[str, Graph]
    streaming: Streaming
    processing: Processing | None

    @property
    def audio(self) -> Audio | None:
        """How sounds become the input; None where none do."""
        return self.processing.audio if self.processing else None

    @property
    def series(self) -> Series | None:
        """How series become the input; None where none do."""
        return self.processing.series if self.processing else None

    def sizes(self, time: int) -> list[int]:
        """Return the dims of an input in a batch of 1."""
        sizes = {"batch": 1, "time": time}
        dims = self.graphs["model"].inputs[0].dims
        return [dim if isinstance(dim, int) else sizes[dim] for dim in dims]

    def places(self, first: int, end: int | None) -> tuple[slice, ...]:
        """Return what cuts places of the time out of an array without a batch."""
        return (*[slice(None)] * (self.streaming.axis - 1), slice(first, end))

    def answer(self, x: Array) -> dict[str, Array]:
        """Return what the whole answers."""
        axis = self.streaming.axis
        exact = np.moveaxis(x.astype(np.float64), axis, -1)  # (..., T)
        late = [np.pad(exact, [(0, 0)] * (x.ndim - 1) + [(i, 0)])[..., : x.shape[axis]] for i in range(3)]
        mean = exact.cumsum(-1) / np.arange(1, x.shape[axis] + 1)
        smooth = np.tensordot(_TAPS, late, 1)
        loud = np.maximum.accumulate(exact > _LOUD, -1)
        outputs = {"mean": mean.astype(np.float32), "smooth": smooth.astype(np.float32), "loud": loud}
        return {name: np.moveaxis(array, -1, axis) for name, array in outputs.items()}

    def files(self) -> Files:
        """Return the bundle."""
        draw, golden, axis = np.random.default_rng(13), list[Sample](), self.streaming.axis
        for time in (1, self.streaming.hop, 5, 9)[:SAMPLES]:
            x = np.round(draw.uniform(-0.9, 0.6, self.sizes(time)), 2).astype(np.float32)
            golden.append(Sample({"x": x}, self.answer(x)))
        return whole(
            _network(self.graphs["model"], axis),
            self.graphs["model"],
            golden,
            files={"step.onnx": onnx(_network(self.graphs["step"], axis))},
            graphs=self.graphs,
            streaming=self.streaming,
            processing=self.processing,
            variants=(replace(CPU, files={"model": MODEL_FILE, "step": "step.onnx"}),),
        )


def rows() -> Iterator[Row]:
    """Yield the rows of the table."""
    for row in TABLE["steps"]:
        processing = row.get("processing")
        yield Row(
            row["bundle"],
            row["why"],
            {name: Graph.from_field(Field(name, graph)) for name, graph in row["graphs"].items()},
            Streaming.from_field(Field("streaming", row["streaming"])),
            processing and Processing.from_field(Field("processing", processing)),
        )


def _network(contract: Graph, axis: int) -> ir.Model:
    """Build the graph of a step, or of the whole, which begins with zeros."""
    net = Recorder(contract)
    x, *pasts = net.inputs
    mean, smooth, loud, *presents = net.outputs

    def cut(value: ir.Value, first: int, end: int = _END, output: ir.Value | None = None) -> ir.Value:
        """Return the places of the time from one to another."""
        places: ir.Value = net.Slice(value, [first], [end], [axis], output=output)
        return places

    if not pasts:  # zeros, for as many rows as x has
        zero = net.Sub(cut(x, 0, 1), cut(x, 0, 1))
        heard = net.Cast(zero, to=ir.DataType.BOOL)
        pasts = [zero, net.constant([0]), net.Concat(zero, zero, axis=axis), heard]
    total, count, tail, heard = pasts
    sums = net.Add(total, net.CumSum(x, axis))
    counted = net.Add(count, net.Shape(x, start=axis, end=axis + 1))  # [1]
    places = net.Range(net.Squeeze(count), net.Squeeze(counted), 1)
    column = [-1, *[1] * (len(contract.inputs[0].dims) - axis - 1)]
    numbers = net.Cast(net.Reshape(places, column), to=ir.DataType.FLOAT)
    net.Div(sums, net.Add(numbers, 1.0), output=mean)
    padded = net.Concat(tail, x, axis=axis)
    once, twice = (net.Mul(cut(padded, 2 - i, -i), float(_TAPS[i])) for i in (1, 2))
    net.Add(net.Add(x, once), twice, output=smooth)
    so_many = net.CumSum(net.Cast(net.Greater(x, _LOUD), to=ir.DataType.FLOAT), axis)
    net.Or(heard, net.Greater(so_many, 0.0), output=loud)
    if presents:
        total, count, tail, heard = presents
        cut(sums, -1, output=total)
        net.Identity(counted, output=count)
        cut(padded, -2, output=tail)
        cut(loud, -1, output=heard)
    return net.model()
