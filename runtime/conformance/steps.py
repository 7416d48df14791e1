"""The network of the conformance bundles that stream in steps.

Along the time of x, at each place t:

    mean = (x[0] + ... + x[t]) / (t + 1)
    smooth = x[t] + 2 x[t - 1] + 3 x[t - 2], with zeros before the beginning
    loud = whether any of x[0] to x[t] is above a half

A step keeps the sum so far (float32), how many places there were (int64), the last two places (float32) and
whether any was loud (bool).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir
from bundles import CPU, MODEL_FILE, SAMPLES, onnx, whole
from case import Files
from graphs import Array, Recorder

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.bundle.streaming import StateEntry, Streaming
from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.processing import Audio, Processing, Series

Dims = tuple[int | str, ...]

TIME = "time"
_END = 2**31 - 1  # of a slice: its axis's
_LOUD = 0.5
_TAPS = (1, 2, 3)
_STATES = {"sum": "float32", "count": "int64", "tail": "float32", "heard": "bool"}
_OUTPUTS = {"mean": "float32", "smooth": "float32", "loud": "bool"}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a bundle's input is.

    Attributes:
        what: In words.
        dims: Of the input, time among them.
        hop: Places of the time that a step takes.
        audio: How sounds become the input; None where none do.
        series: How series become the input; None where none do.
        is_static: Whether a step takes a batch of 1 alone, and the whole any.
    """

    what: str
    dims: Dims
    hop: int
    audio: Audio | None = None
    series: Series | None = None
    is_static: bool = False

    @property
    def axis(self) -> int:
        """Which of the dims is the time."""
        return self.dims.index(TIME)

    @property
    def processing(self) -> Processing | None:
        """How the input is made, where it is."""
        return Processing(audio=self.audio, series=self.series) if self.audio or self.series else None

    def of(self, size: int | str) -> Dims:
        """Return the dims with a size, or a symbol, in the place of the time."""
        return tuple(size if dim == TIME else dim for dim in self.dims)

    def sizes(self, time: int) -> tuple[int, ...]:
        """Return the dims of a batch of 1."""
        return tuple(dim if isinstance(dim, int) else 1 for dim in self.of(time))

    def state(self, name: str) -> Dims:
        """Return the dims of a state."""
        return (1,) if name == "count" else self.of(2 if name == "tail" else 1)

    def places(self, first: int, end: int | None) -> tuple[slice, ...]:
        """Return what cuts places of the time out of an array without a batch."""
        return (*[slice(None)] * (self.axis - 1), slice(first, end))


_SERIES = Series(
    input="x", output=None, names=("rain in mm", "wind"), mean=(0.5, 50), std=(4, 8), missing="hold"
)
_ONE, _TWO = (Audio(input="x", rate=8000, channels=channels) for channels in (1, 2))
KINDS = {
    "steps": Kind("arrays in steps, along their first axis but the batch", ("batch", TIME, 3), hop=2),
    "steps-rows": Kind("arrays in steps of one place, along their last axis", (1, 2, TIME), hop=1),
    "steps-sound": Kind("a sound in steps", ("batch", TIME), 4, _ONE, is_static=True),
    "steps-stereo": Kind("a sound of two channels in steps", ("batch", 2, TIME), 3, _TWO),
    "steps-series": Kind("series in steps", ("batch", 2, TIME), 3, series=_SERIES),
}


def bundle(name: str) -> Files:
    """Return a bundle whose encoder streams in steps."""
    kind = KINDS[name]
    contract, step = _contract(kind, TIME, states=False), _contract(kind, kind.hop, states=True)
    streaming = Streaming(
        step="step",
        input="x",
        axis=kind.axis,
        hop=kind.hop,
        outputs=tuple(_OUTPUTS),
        states=tuple(StateEntry(f"past_{state}", state) for state in _STATES),
    )
    return whole(
        _network(kind, contract),
        contract,
        _samples(kind),
        files={"step.onnx": onnx(_network(kind, step))},
        graphs={"model": contract, "step": step},
        streaming=streaming,
        processing=kind.processing,
        variants=(replace(CPU, files={"model": MODEL_FILE, "step": "step.onnx"}),),
    )


def answer(x: Array, axis: int) -> dict[str, Array]:
    """Return what the whole answers."""
    exact = x.astype(np.float64)
    count = np.arange(1, x.shape[axis] + 1).reshape(-1, *[1] * (x.ndim - axis - 1))
    late = [np.roll(exact, steps, axis) for steps in range(len(_TAPS))]
    for steps, array in enumerate(late):
        array[(*[slice(None)] * axis, slice(0, steps))] = 0
    smooth = sum(tap * array for tap, array in zip(_TAPS, late, strict=True))
    return {
        "mean": (exact.cumsum(axis) / count).astype(np.float32),
        "smooth": np.asarray(smooth, np.float32),
        "loud": np.maximum.accumulate(x > _LOUD, axis),
    }


def _samples(kind: Kind) -> list[Sample]:
    draw = np.random.default_rng(13)
    shapes = (kind.sizes(time) for time in (1, kind.hop, 5, 9)[:SAMPLES])
    inputs = (np.round(draw.uniform(-0.9, 0.6, shape), 2).astype(np.float32) for shape in shapes)
    return [Sample({"x": x}, answer(x, kind.axis)) for x in inputs]


def _contract(kind: Kind, time: int | str, *, states: bool) -> Graph:
    kind = replace(kind, dims=(1, *kind.dims[1:])) if states and kind.is_static else kind
    kept = [(name, dtype, kind.state(name)) for name, dtype in _STATES.items() if states]
    pasts, presents = (
        [Tensor(f"{prefix}{name}", dtype, dims) for name, dtype, dims in kept] for prefix in ("past_", "")
    )
    outputs = [Tensor(name, dtype, kind.of(time)) for name, dtype in _OUTPUTS.items()]
    return Graph((Tensor("x", "float32", kind.of(time)), *pasts), (*outputs, *presents))


def _network(kind: Kind, contract: Graph) -> ir.Model:
    """Build the graph of a step, or of the whole, which begins with zeros."""
    net, axis = Recorder(contract), kind.axis
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
    column = [-1, *[1] * (len(kind.dims) - axis - 1)]
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
