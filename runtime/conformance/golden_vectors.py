"""Golden vectors that are wrong or broken, and ones whose errors every runtime must give to the digit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import bundles
import numpy as np
import onnx_ir as ir
import tiny
from bundles import GOLDEN_FILE, described, golden_vectors, onnx
from case import Files
from graphs import Array, Recorder
from network_bundles import good

from edgeattn_runtime.bundle.golden import Excerpt, Sample
from edgeattn_runtime.graph import Graph, Symbol, Tensor


def with_samples(samples: Iterable[Sample], spreads: Mapping[str, Array] | None = None) -> Files:
    """Return the bundle of the int8 network with other golden samples, or spreads."""
    return described({**good(), GOLDEN_FILE: golden_vectors(samples, spreads=spreads)})


def turned() -> Iterator[Sample]:
    """Yield golden samples, the last of which points the other way."""
    *samples, last = tiny.samples()
    yield from samples
    yield Sample(last.inputs, {name: -array for name, array in last.outputs.items()})


def excerpts(
    *, sign: int = 1, places: Callable[[Array], Array] = np.asarray, dims: tuple[int, ...] | None = None
) -> Iterator[Sample]:
    """Yield golden samples of every other number, times ``sign``, at other places, or of other dims."""
    for sample in tiny.samples():
        (name, output), *_ = sample.outputs.items()
        every = np.arange(0, output.size, 2)
        part = Excerpt(output.shape if dims is None else dims, places(every))
        yield Sample(sample.inputs, {name: sign * output.reshape(-1)[every]}, {name: part})


_DIMS = ("batch", "frames", 3)
_INPUTS = (Tensor("top", "float32", _DIMS), Tensor("bottom", "float32", _DIMS))
_OUTPUTS = (
    Tensor("ratio", "float32", _DIMS),
    Tensor("part", "float32", _DIMS),
    Tensor("total", "float32", ("batch",)),
    Tensor("count", "int64", _DIMS),
    Tensor("half", "float16", ("batch", 3, "frames")),
    Tensor("sign", "bool", _DIMS),
    Tensor("grid", "float32", (*_DIMS, 2, 4)),
)
_SPREADS = {
    "ratio": np.float32([0.003, 1.7, 110.0]),
    "part": np.float32([0.7, 3.1, 0.2]),
    "total": np.float32(1.3),
    "count": np.ones(3, np.float32),
    "half": np.float32(0.9),
    "sign": np.float32([0.3, 0.4, 0.5]),
    "grid": np.float32(
        [[[0.1, 0.2, 0.4, 0.7]], [[1.1, 1.9, 3.0, 5.3]], [[9.7, 17.0, 31.0, 53.0]]]
    ),  # one for both places of the second dim
}
_TOLERANCE = {"ratio": 0.5, "part": 0.4, "total": 2.0, "count": 1.0, "half": 0.1, "sign": 1.5, "grid": 0.42}
_FACTORS = np.float32([[1, 2, 4, 8], [16, 32, 64, 128]])  # of a grid's last dims


def measured(**spreads: Array) -> Files:
    """Return a graph of exact operators, and golden vectors that differ from its answers by known numbers.

    Args:
        spreads: By output, in place of the right ones.
    """
    graph = Graph(_INPUTS, _OUTPUTS)
    golden = golden_vectors((golden for _, golden in _measured()), graph, {**_SPREADS, **spreads})
    return described(
        {bundles.MODEL_FILE: onnx(_exact()), GOLDEN_FILE: golden},
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


def _error(answer: Array, expected: Array, excerpt: Excerpt | None, spread: Array) -> float | None:
    """Compute it number by number, as the specification has it."""
    if answer.shape != (expected.shape if excerpt is None else excerpt.dims):
        return None
    places = range(answer.size) if excerpt is None else excerpt.places.tolist()
    found, indices = answer.reshape(-1).astype(np.float64).tolist(), list(np.ndindex(answer.shape))
    total, count = 0.0, 0
    for place, wanted in zip(places, expected.reshape(-1).astype(np.float64).tolist(), strict=True):
        number = found[place]
        if math.isfinite(number) and math.isfinite(wanted):
            part = (number - wanted) / _unit(spread, indices[place])
            total, count = total + part * part, count + 1
        elif not (number == wanted or (math.isnan(number) and math.isnan(wanted))):
            return None
    return math.sqrt(total / count) if count else 0.0


def _unit(spread: Array, index: tuple[int, ...]) -> float:
    """Return the unit of the number at an index of the output."""
    trailing = index[len(index) - spread.ndim :]
    return float(spread[tuple(0 if n == 1 else i for i, n in zip(trailing, spread.shape, strict=True))])


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
        "grid": top[..., np.newaxis, np.newaxis] * _FACTORS,
    }


def _moved(name: str, array: Array, draw: np.random.Generator) -> Array:
    """Return numbers that are off by a share of their spread: by exactly 1 those of counts."""
    if name == "count":
        return array + draw.choice([-1, 1], array.shape)
    if name == "sign":
        return array ^ (draw.random(array.shape) < 0.2)
    unit = _SPREADS[name].astype(np.float64)
    return (array + draw.normal(0, 0.4, array.shape) * unit).astype(array.dtype)


def _exact() -> ir.Model:
    net = Recorder(_INPUTS, _OUTPUTS)
    top, bottom = net.inputs
    ratio, part, total, count, half, sign, grid = net.outputs
    net.Add(net.Div(top, bottom), 10.0, output=ratio)
    net.Identity(top, output=part)
    net.ReduceSum(top, [1, 2], keepdims=0, output=total)
    net.Cast(top, to=ir.DataType.INT64, output=count)
    net.Cast(net.Transpose(top, perm=[0, 2, 1]), to=ir.DataType.FLOAT16, output=half)
    net.Greater(top, 0.0, output=sign)
    net.Mul(net.Unsqueeze(top, [3, 4]), _FACTORS, output=grid)
    return net.model()
