"""Golden vectors that are wrong or broken, and ones whose errors every runtime must give to the digit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import bundles
import numpy as np
import onnx_ir as ir
import tiny
from bundles import GOLDEN_FILE, describe, good, lay_golden
from tiny import Array

from edgeattn_runtime.bundle.golden import Excerpt, GoldenVectors, Sample, write_golden
from edgeattn_runtime.graph import Graph, Symbol, Tensor


def wrong_golden(folder: Path) -> None:
    """Turn the last golden output the other way."""
    good(folder)
    *samples, last = tiny.samples()
    turned = Sample(last.inputs, {name: -array for name, array in last.outputs.items()})
    lay_golden(folder, [*samples, turned])
    describe(folder)


def lacking_golden(folder: Path) -> None:
    """Write fewer golden samples than the manifest claims."""
    good(folder)
    lay_golden(folder, tiny.samples()[:-1])
    describe(folder)


def excerpted_golden(
    *, turn: bool = False, places: Callable[[Array], Array] = np.asarray, dims: tuple[int, ...] | None = None
) -> Callable[[Path], None]:
    """Return what writes every other number of each golden output, right or not."""

    def make(folder: Path) -> None:
        good(folder)
        lay_golden(folder, map(excerpt, tiny.samples()))
        describe(folder)

    def excerpt(sample: Sample) -> Sample:
        (name, output), *_ = sample.outputs.items()
        every = np.arange(0, output.size, 2)
        held = output.reshape(-1)[every]
        part = Excerpt(output.shape if dims is None else dims, places(every))
        return Sample(sample.inputs, {name: -held if turn else held}, {name: part})

    return make


def changed_golden(folder: Path) -> None:
    """Flip one bit in the last golden number."""
    good(folder)
    golden = folder / GOLDEN_FILE
    content = bytearray(golden.read_bytes())
    content[-3] ^= 1
    golden.write_bytes(content)


def without_golden(folder: Path) -> None:
    """Write a bundle as an app ships it that checks nothing."""
    good(folder)
    (folder / GOLDEN_FILE).unlink()
    describe(folder)


def spread_of(spread: Array | None) -> Callable[[Path], None]:
    """Return what writes another spread of the embedding, or none."""

    def make(folder: Path) -> None:
        good(folder)
        spreads = {} if spread is None else {"embedding": spread}
        write_golden(folder / GOLDEN_FILE, GoldenVectors(tuple(tiny.samples()), spreads))
        describe(folder)

    return make


_DIMS = ("batch", "frames", 3)
_INPUTS = (Tensor("top", "float32", _DIMS), Tensor("bottom", "float32", _DIMS))
_OUTPUTS = (
    Tensor("ratio", "float32", _DIMS),
    Tensor("part", "float32", _DIMS),
    Tensor("total", "float32", ("batch",)),
    Tensor("count", "int64", _DIMS),
    Tensor("half", "float16", ("batch", 3, "frames")),
    Tensor("sign", "bool", _DIMS),
)
_SPREADS = {
    "ratio": (0.003, 1.7, 110.0),
    "part": (0.7, 3.1, 0.2),
    "total": (1.3,),
    "count": (1.0, 1.0, 1.0),
    "half": (0.9,),
    "sign": (0.3, 0.4, 0.5),
}
_TOLERANCE = {"ratio": 0.5, "part": 0.4, "total": 2.0, "count": 1.0, "half": 0.1, "sign": 1.5}


def measured(folder: Path) -> None:
    """Write a graph of exact operators, and golden vectors that differ from its answers by known numbers."""
    graph = Graph(_INPUTS, _OUTPUTS)
    bundles.lay_graph(folder, bundles.MODEL_FILE, _exact())
    spreads = {name: np.array(numbers, np.float32) for name, numbers in _SPREADS.items()}
    write_golden(folder / GOLDEN_FILE, GoldenVectors(tuple(golden for _, golden in _measured()), spreads))
    describe(
        folder,
        graphs={"model": graph},
        symbols={dim: Symbol(1, None) for dim in ("batch", "frames")},
        variants=(replace(bundles.CPU, tolerance=_TOLERANCE),),
    )


def errors() -> list[list[Any]]:
    """Return sample, output, error and whether it is within the tolerance, of each golden output."""
    lines = list[list[Any]]()
    for i, (answers, golden) in enumerate(_measured()):
        for name, expected in golden.outputs.items():
            error = _error(answers[name], expected, golden.excerpts.get(name), _SPREADS[name])
            lines.append([i, name, error, error is not None and error <= _TOLERANCE[name]])
    return lines


def _error(
    answer: Array, expected: Array, excerpt: Excerpt | None, spread: tuple[float, ...]
) -> float | None:
    """Compute it number by number, as the specification has it."""
    if answer.shape != (expected.shape if excerpt is None else excerpt.dims):
        return None
    places = range(answer.size) if excerpt is None else excerpt.places.tolist()
    found, units = answer.reshape(-1).astype(np.float64).tolist(), np.float32(spread).tolist()
    total, count = 0.0, 0
    for place, wanted in zip(places, expected.reshape(-1).astype(np.float64).tolist(), strict=True):
        number = found[place]
        if math.isfinite(number) and math.isfinite(wanted):
            part = (number - wanted) / units[place % len(units)]
            total, count = total + part * part, count + 1
        elif not (number == wanted or (math.isnan(number) and math.isnan(wanted))):
            return None
    return math.sqrt(total / count) if count else 0.0


def _measured() -> Iterator[tuple[Mapping[str, Array], Sample]]:
    """Yield what the graph answers, and a golden sample that differs from it.

    In the second both hold a NaN and an infinity, in the third one side alone holds an infinity, and another
    output has other dims; in the last no number of the ratio is finite.
    """
    draw = np.random.default_rng(31)
    for i in range(bundles.SAMPLES):
        top = draw.integers(-40, 41, (2, 3 + i, 3)).astype(np.float32)
        bottom = 2.0 ** draw.integers(-2, 3, top.shape).astype(np.float32)
        if i == 1:
            top[0, 0], bottom[0, 0] = (0, 1, -1), 0
        if i == bundles.SAMPLES - 1:
            top[:], bottom[:] = 0, 0
        inputs = {"top": top, "bottom": bottom.astype(np.float32)}
        answers = _answers(**inputs)
        expected = {name: _moved(name, array, draw) for name, array in answers.items()}
        if i == 2:
            expected["ratio"][1, 1, 1] = np.inf
            expected["total"] = expected["total"].repeat(2)
        places = np.sort(draw.choice(top.size, 5, replace=False))
        excerpt = Excerpt(top.shape, places)
        expected["part"] = excerpt.of(expected["part"])
        yield answers, Sample(inputs, expected, {"part": excerpt})


def _answers(top: Array, bottom: Array) -> dict[str, Array]:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = top / bottom + np.float32(10)
    return {
        "ratio": ratio,
        "part": top,
        "total": top.sum((1, 2)),
        "count": top.astype(np.int64),
        "half": top.swapaxes(1, 2).astype(np.float16),
        "sign": top > 0,
    }


def _moved(name: str, array: Array, draw: np.random.Generator) -> Array:
    """Return numbers that are off by a share of their spread: by exactly 1 those of counts."""
    if name == "count":
        return array + draw.choice([-1, 1], array.shape)
    if name == "sign":
        return array ^ (draw.random(array.shape) < 0.2)
    unit = np.array(_SPREADS[name])
    return (array + draw.normal(0, 0.4, array.shape) * unit).astype(array.dtype)


def _exact() -> ir.Model:
    tape = ir.tape.Tape()
    top, bottom = (ir.val(tensor.name, ir.DataType.FLOAT, tensor.dims) for tensor in _INPUTS)
    outputs = {
        tensor.name: ir.val(tensor.name, ir.DataType.from_numpy(np.dtype(tensor.dtype)), tensor.dims)
        for tensor in _OUTPUTS
    }
    offset = tiny.constant(tape, "offset", np.float32(10))
    tape.op("Add", [tape.op("Div", [top, bottom]), offset], output=outputs["ratio"])
    tape.op("Identity", [top], output=outputs["part"])
    axes = tiny.constant(tape, "axes", np.array([1, 2]))
    tape.op("ReduceSum", [top, axes], {"keepdims": 0}, output=outputs["total"])
    tape.op("Cast", [top], {"to": ir.DataType.INT64}, output=outputs["count"])
    turned = tape.op("Transpose", [top], {"perm": [0, 2, 1]})
    tape.op("Cast", [turned], {"to": ir.DataType.FLOAT16}, output=outputs["half"])
    zero = tiny.constant(tape, "zero", np.float32(0))
    tape.op("Greater", [top, zero], output=outputs["sign"])
    return tiny.model(tape, [top, bottom], list(outputs.values()))
