"""The network of the conformance bundles that stream in steps, and what they are pushed and must answer.

Along the time of x, at each place t:

    mean = (x[0] + ... + x[t]) / (t + 1)
    smooth = x[t] + 2 x[t - 1] + 3 x[t - 2], with zeros before the beginning
    loud = whether any of x[0] to x[t] is above a half

A step keeps the sum so far (float32), how many places there were (int64), the last two places (float32) and
whether any was loud (bool).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bundles
import numpy as np
import onnx_ir as ir
import tiny
from breaking import Make, changed
from calls import tensors
from tiny import Array, constant

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.bundle.streaming import StateEntry, Streaming
from edgeattn_runtime.graph import Graph, Symbol, Tensor
from edgeattn_runtime.processing import Audio, Processing, Series

Entry = dict[str, Any]
Dims = tuple[int | str, ...]

TIME = "time"
_END = 2**31 - 1  # of a slice: its axis's
_LOUD = 0.5
_TAPS = (1, 2, 3)
_NEAR = 1e-5
_NEEDS = {"needs": "steps"}
_REFUSED = {"error": "InputError"}
_STATES = {"sum": "float32", "count": "int64", "tail": "float32", "heard": "bool"}
_TYPES = {"float32": ir.DataType.FLOAT, "int64": ir.DataType.INT64, "bool": ir.DataType.BOOL}
_OUTPUTS = {"mean": "float32", "smooth": "float32", "loud": "bool"}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a bundle's input is.

    Attributes:
        dims: Of the input, time among them.
        hop: Places of the time that a step takes.
        processing: How it is made, where it is.
        is_static: Whether a step takes a batch of 1 alone, and the whole any.
    """

    dims: Dims
    hop: int
    processing: Processing | None = None
    is_static: bool = False

    @property
    def axis(self) -> int:
        """Which of the dims is the time."""
        return self.dims.index(TIME)

    @property
    def audio(self) -> Audio | None:
        """How sounds become the input; None where none do."""
        return None if self.processing is None else self.processing.audio

    @property
    def series(self) -> Series | None:
        """How series become the input; None where none do."""
        return None if self.processing is None else self.processing.series

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
KINDS = {
    "steps": Kind(("batch", TIME, 3), hop=2),
    "steps-rows": Kind((1, 2, TIME), hop=1),
    "steps-sound": Kind(
        ("batch", TIME), 4, Processing(audio=Audio(input="x", rate=8000, channels=1)), is_static=True
    ),
    "steps-stereo": Kind(("batch", 2, TIME), 3, Processing(audio=Audio(input="x", rate=8000, channels=2))),
    "steps-series": Kind(("batch", 2, TIME), 3, Processing(series=_SERIES)),
}


def bundle(name: str) -> Make:
    """Return what writes a bundle whose encoder streams in steps."""
    kind = KINDS[name]
    step = _contract(kind, kind.hop, states=True)
    streaming = Streaming(
        step="step",
        input="x",
        axis=kind.axis,
        hop=kind.hop,
        outputs=tuple(_OUTPUTS),
        states=tuple(StateEntry(f"past_{state}", state) for state in _STATES),
    )

    def make(folder: Path) -> None:
        bundles.lay_graph(folder, bundles.MODEL_FILE, _network(kind, TIME, states=False))
        bundles.save(_network(kind, kind.hop, states=True), folder / "step.onnx")
        whole = _contract(kind, TIME, states=False)
        bundles.lay_golden(folder, _samples(kind), whole)
        bundles.describe(
            folder,
            graphs={"model": whole, "step": step},
            symbols={name: Symbol(1, None) for name in ("batch", TIME) if name in kind.dims},
            streaming=streaming,
            processing=kind.processing,
            variants=(replace(bundles.CPU, files={"model": bundles.MODEL_FILE, "step": "step.onnx"}),),
        )

    return make


def with_state(name: str, dtype: str, *dims: int | str) -> Make:
    """Return what writes a bundle with another contract of a state, which its graph need not keep."""
    place = 1 + list(_STATES).index(name)  # behind x
    past = ("graphs", "step", "inputs", place)
    present = ("graphs", "step", "outputs", len(_OUTPUTS) + place - 1)
    make = bundle("steps")
    for tensor in (past, present):
        make = changed(*tensor, "dtype", to=dtype, whole=changed(*tensor, "dims", to=dims, whole=make))
    return make


def pushed(name: str) -> list[Entry]:
    """Return what comes in pieces of several sizes, some of it refused, and a stream that begins anew."""
    kind = KINDS[name]
    hop, total = kind.hop, 9 * kind.hop + 1
    values = np.round(np.random.default_rng(11).uniform(-0.9, 0.6, kind.sizes(total)[1:]), 2)
    if kind.series is not None:
        values *= 50
    nothing = values[kind.places(0, 0)]
    spoiled = values.copy()
    for place in (2 * hop, 5 * hop):
        spoiled[kind.places(place, place + hop)] = 1.5 if kind.audio else np.nan
    return [
        _entry(kind, _cut(kind, values, [1] * total)),
        _entry(kind, _cut(kind, values, (1, 2 * hop, 0, total - 2 * hop - 1))),
        _entry(kind, [values]),
        _entry(kind, [*_cut(kind, values, (hop + 1, 1)), None, values]),
        _entry(kind, [*_cut(kind, spoiled, [2 * hop] * 5), nothing]),
        *([] if kind.audio or kind.series else [_misshapen(kind, values)]),
    ]


def stepless() -> list[Entry]:
    """Return a stream of a bundle that has no step."""
    return [{"pushes": [], **_REFUSED, **_NEEDS}]


def _misshapen(kind: Kind, values: Array) -> Entry:
    """Return pushes of another dtype or shape, which take nothing, before one that is right."""
    numbers = values.astype(np.float32)
    doubled = np.concatenate([numbers, numbers], axis=2 - kind.axis)
    wrong = (values, numbers[np.newaxis], numbers[kind.places(0, 1)].squeeze(kind.axis - 1), doubled)
    whole = _entry(kind, [values])
    return {
        **whole,
        "pushes": [*(tensors({"x": array})["x"] for array in wrong), *whole["pushes"]],
        "moments": [*[None] * len(wrong), *whole["moments"]],
    }


def _entry(kind: Kind, pieces: Iterable[Array | None]) -> Entry:
    """Return pushes of arrays without a batch, None for a new beginning, and the moments that each must give.

    A hop that is refused is passed over: the state stays as it was, and its push loses the moments before it.
    """
    pushes, moments = list[Any](), list[list[Entry] | None]()
    come = answered = nothing = np.zeros(kind.sizes(0)[1:])
    end = 0
    for piece in pieces:
        if piece is None:
            come, answered, end = nothing, nothing, 0
        else:
            come = np.concatenate([come, piece], axis=kind.axis - 1)
        answers: list[Entry] | None = []
        while answers is not None and end + kind.hop <= come.shape[kind.axis - 1]:
            hop = come[kind.places(end, end + kind.hop)]
            end += kind.hop
            if np.isnan(hop).any() or (kind.audio and np.abs(hop).max() > 1):
                answers = None
            else:
                answered = np.concatenate([answered, hop], axis=kind.axis - 1)
                answers.append({"end": end, "outputs": tensors(_last(kind, answered))})
        pushes.append("reset" if piece is None else _given(kind, piece))
        moments.append(answers)
    return {"pushes": pushes, "moments": moments, "tolerance": _NEAR, **_NEEDS}


def _given(kind: Kind, piece: Array) -> Any:
    """Return a piece as cases.json holds it: rows where it is prepared, else a tensor."""
    if not kind.audio and not kind.series:
        return tensors({"x": piece.astype(np.float32)})["x"]
    return [[None if np.isnan(x) else float(str(x)) for x in row] for row in np.atleast_2d(piece)]


def _cut(kind: Kind, values: Array, sizes: Sequence[int]) -> list[Array]:
    return np.split(values, np.cumsum(sizes), axis=kind.axis - 1)[: len(sizes)]


def _last(kind: Kind, values: Array) -> dict[str, Array]:
    """Return what a step answers for the last hop of values, without a batch, that have come."""
    if kind.series is not None:
        columns = (np.array(numbers)[:, np.newaxis] for numbers in (kind.series.mean, kind.series.std))
        mean, std = columns
        values = (values - mean) / std
    outputs = _answer(values.astype(np.float32)[np.newaxis], kind.axis)
    hop = (slice(None), *kind.places(-kind.hop, None))
    return {name: array[hop] for name, array in outputs.items()}


def _answer(x: Array, axis: int) -> dict[str, Array]:
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
    shapes = (kind.sizes(time) for time in (1, kind.hop, 5, 9)[: bundles.SAMPLES])
    inputs = (np.round(draw.uniform(-0.9, 0.6, shape), 2).astype(np.float32) for shape in shapes)
    return [Sample({"x": x}, _answer(x, kind.axis)) for x in inputs]


def _contract(kind: Kind, time: int | str, *, states: bool) -> Graph:
    kind = replace(kind, dims=(1, *kind.dims[1:])) if states and kind.is_static else kind
    kept = [(name, dtype, kind.state(name)) for name, dtype in _STATES.items() if states]
    pasts, presents = (
        [Tensor(f"{prefix}{name}", dtype, dims) for name, dtype, dims in kept] for prefix in ("past_", "")
    )
    outputs = [Tensor(name, dtype, kind.of(time)) for name, dtype in _OUTPUTS.items()]
    return Graph((Tensor("x", "float32", kind.of(time)), *pasts), (*outputs, *presents))


def _network(kind: Kind, time: int | str, *, states: bool) -> ir.Model:
    """Build the graph of a step, or of the whole, which begins with zeros."""
    tape, contract = ir.tape.Tape(), _contract(kind, time, states=states)
    x, *pasts = (_value(tensor) for tensor in contract.inputs)
    outputs = [_value(tensor) for tensor in contract.outputs]
    _record(tape, kind, x, pasts or _zeros(tape, kind, x), outputs)
    return tiny.model(tape, [x, *pasts], outputs)


def _record(
    tape: ir.tape.Tape, kind: Kind, x: ir.Value, pasts: Sequence[ir.Value], outputs: list[ir.Value]
) -> None:
    """Record what a hop, or the whole, is answered with, and the states behind it where it keeps any."""
    total, count, tail, heard = pasts
    mean, smooth, loud, *presents = outputs
    axis = constant(tape, "axis", np.int64(kind.axis))
    sums = tape.op("Add", [total, tape.op("CumSum", [x, axis])])
    size = tape.op("Shape", [x], {"start": kind.axis, "end": kind.axis + 1})  # [1]
    counted = tape.op("Add", [count, size])
    bounds = [tape.op("Squeeze", [value]) for value in (count, counted)]
    places = tape.op("Range", [*bounds, constant(tape, "one", np.int64(1))])
    column = constant(tape, "column", np.array([-1, *[1] * (len(kind.dims) - kind.axis - 1)]))
    numbers = tape.op("Cast", [tape.op("Reshape", [places, column])], {"to": ir.DataType.FLOAT})
    after = tape.op("Add", [numbers, constant(tape, "next", np.float32(1))])
    tape.op("Div", [sums, after], output=mean)
    padded = tape.op("Concat", [tail, x], {"axis": kind.axis})
    late = [_slice(tape, kind, padded, f"late_{steps}", 2 - steps, -steps) for steps in (1, 2)]
    taps = [constant(tape, f"tap_{tap}", np.float32(tap)) for tap in _TAPS[1:]]
    once, twice = (tape.op("Mul", pair) for pair in zip(late, taps, strict=True))
    tape.op("Add", [tape.op("Add", [x, once]), twice], output=smooth)
    above = tape.op("Greater", [x, constant(tape, "level", np.float32(_LOUD))])
    so_many = tape.op("CumSum", [tape.op("Cast", [above], {"to": ir.DataType.FLOAT}), axis])
    any_so_far = tape.op("Greater", [so_many, constant(tape, "none", np.float32(0))])
    tape.op("Or", [heard, any_so_far], output=loud)
    if presents:
        total, count, tail, heard = presents
        _slice(tape, kind, sums, "sum", -1, _END, output=total)
        tape.op("Identity", [counted], output=count)
        _slice(tape, kind, padded, "tail", -2, _END, output=tail)
        _slice(tape, kind, loud, "heard", -1, _END, output=heard)


def _zeros(tape: ir.tape.Tape, kind: Kind, x: ir.Value) -> list[ir.Value]:
    """Return the states of a beginning, for as many rows as x has."""
    first = _slice(tape, kind, x, "first", 0, 1)
    zero = tape.op("Sub", [first, first])
    heard = tape.op("Cast", [zero], {"to": ir.DataType.BOOL})
    tail = tape.op("Concat", [zero, zero], {"axis": kind.axis})
    return [zero, constant(tape, "nothing", np.zeros(1, np.int64)), tail, heard]


def _slice(
    tape: ir.tape.Tape,
    kind: Kind,
    value: ir.Value,
    name: str,
    first: int,
    end: int,
    output: ir.Value | None = None,
) -> ir.Value:
    """Return the places of the time from one to another."""
    bounds = {"first": first, "end": end, "axis": kind.axis}
    places = [constant(tape, f"{name}_{bound}", np.array([place])) for bound, place in bounds.items()]
    return tape.op("Slice", [value, *places], output=output)


def _value(tensor: Tensor) -> ir.Value:
    return ir.val(tensor.name, _TYPES[tensor.dtype], tensor.dims)
