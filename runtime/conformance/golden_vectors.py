"""Cases of golden vectors that are wrong or broken, and of ones whose errors a runtime gives exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
import tiny
from bundles import CPU, GOLDEN_FILE, MODEL_FILE, SAMPLES, described, evaluated, golden_vectors, whole
from case import GOLDEN_FAILS, Case, Files, accepted
from graphs import Array, Recorder
from network import good

from edgeattn_runtime.bundle.golden import Excerpt, Sample
from edgeattn_runtime.graph import Graph, Tensor

_ONES = np.ones(tiny.WIDTH, np.float32)
_FOURTH = np.arange(tiny.WIDTH) == 3
_EXCERPTS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("wrong", GOLDEN_FAILS, "half the golden numbers, which point the other way", {"sign": -1}),
    ("other", GOLDEN_FAILS, "half the golden numbers, of an output of other dims", {"dims": (9, 9, 8)}),
    ("beyond", "refused", "a golden number behind the output's end", {"places": lambda x: x + 2**20}),
    ("turned", "refused", "golden numbers in falling order", {"places": lambda x: x[::-1]}),
    ("fewer", "refused", "fewer places than golden numbers", {"places": lambda x: x[:-1]}),
    (
        "part",
        "refused",
        "golden numbers of an output whose last dim is not that of its 8 channels",
        {"dims": (8, 81)},
    ),
)
_SPREADS: tuple[tuple[str, str, Array], ...] = (
    ("zero", "a spread of 0", np.where(_FOURTH, np.float32(0), _ONES)),
    ("nan", "a spread that is NaN", np.full(tiny.WIDTH, np.nan, np.float32)),
    ("infinite", "a spread that is infinite", np.where(_FOURTH, np.float32(np.inf), _ONES)),
    ("few", "a spread of fewer numbers than channels", _ONES[1:]),
    ("double", "a spread in float64", _ONES.astype(np.float64)),
    ("axes", "a spread of two axes, of an output with one fixed trailing dim", _ONES[np.newaxis]),
    ("axis", "a spread without an axis, of an output with one fixed trailing dim", _ONES[0]),
)
_GRIDS = (
    ("flat", "a spread of one axis, of an output with three fixed trailing dims", "grid", (24,)),
    ("turned", "a spread whose axes are turned", "grid", (4, 1, 3)),
    ("half", "a spread with half as many numbers along an axis", "grid", (3, 1, 2)),
    ("empty", "a spread with no number along an axis", "grid", (3, 0, 4)),
    ("single", "a spread of one axis, of an output without fixed trailing dims", "total", (1,)),
)


def cases() -> Iterator[Case]:
    """Yield the cases."""
    kinds = "an offset, an excerpt, integers, shared NaNs, one infinity, a pooled spread"
    why, rows = f"outputs of known errors: {kinds}", {"golden": _errors()}
    yield Case("golden-errors", why, _measured_bundle(), GOLDEN_FAILS, rows)
    *samples, last = tiny.samples()
    turned = Sample(last.inputs, {name: -array for name, array in last.outputs.items()})
    files = _with_samples([*samples, turned])
    yield Case("golden-wrong", "a golden output points the other way", files, GOLDEN_FAILS)
    yield Case("golden-lacking", "3 golden samples where 4 are named", _with_samples(samples), "refused")
    none = described({MODEL_FILE: good()[MODEL_FILE]})
    yield accepted("golden-none", "packed without golden vectors, whole else", none)
    yield accepted("golden-excerpt", "half the golden numbers", _with_samples(_excerpts()))
    for name, verdict, why, how in _EXCERPTS:
        yield Case(f"golden-excerpt-{name}", why, _with_samples(_excerpts(**how)), verdict)
    files = _with_samples([*samples, last], {})
    yield Case("golden-spread-none", "golden vectors without a spread", files, "refused")
    for name, why, spread in _SPREADS:
        files = _with_samples([*samples, last], {"embedding": spread})
        yield Case(f"golden-spread-{name}", why, files, "refused")
    for name, why, output, dims in _GRIDS:
        files = _measured_bundle(**{output: np.ones(dims, np.float32)})
        yield Case(f"golden-spread-{name}", why, files, "refused")
    pooled = _with_samples([*samples, last], {"embedding": _ONES[:1]})
    yield accepted("golden-spread-pooled", "a spread of one number for all channels", pooled)


def _with_samples(samples: Iterable[Sample], spreads: Mapping[str, Array] | None = None) -> Files:
    """Return the bundle of the int8 network with other golden samples, or spreads."""
    return described({**good(), GOLDEN_FILE: golden_vectors(samples, spreads=spreads)})


def _excerpts(
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
_GRAPH = Graph(_INPUTS, _OUTPUTS)
_UNITS = {
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


def _measured_bundle(**spreads: Array) -> Files:
    """Return golden vectors that differ from a graph's answers by known numbers, some by other spreads."""
    golden = (golden for _, golden in _measured())
    variants = (replace(CPU, tolerance=_TOLERANCE),)
    return whole(_network(), _GRAPH, golden, spreads={**_UNITS, **spreads}, variants=variants)


def _errors() -> list[list[Any]]:
    """Return sample, output, error and whether it is within the tolerance, of each golden output."""
    lines = list[list[Any]]()
    for i, (answers, golden) in enumerate(_measured()):
        for name, expected in golden.outputs.items():
            error = _error(answers[name], expected, golden.excerpts.get(name), _UNITS[name])
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
    draw, model = np.random.default_rng(31), _network()
    for i in range(SAMPLES):
        top = draw.integers(-40, 41, (2, 3 + i, 3)).astype(np.float32)
        bottom = 2.0 ** draw.integers(-2, 3, top.shape).astype(np.float32)
        if i == 1:
            top[0, 0], bottom[0, 0] = (0, 1, -1), 0
        if i == SAMPLES - 1:
            top[:], bottom[:] = 0, 0
        inputs = {"top": top, "bottom": bottom.astype(np.float32)}
        with np.errstate(divide="ignore", invalid="ignore"):
            (answers,) = (sample.outputs for sample in evaluated(model, [inputs]))
        expected = {name: _moved(name, array, draw) for name, array in answers.items()}
        if i == 2:
            expected["ratio"][1, 1, 1] = np.inf
            expected["total"] = expected["total"].repeat(2)
        places = np.sort(draw.choice(top.size, 5, replace=False))
        excerpt = Excerpt(top.shape, places)
        expected["part"] = excerpt.of(expected["part"])
        yield answers, Sample(inputs, expected, {"part": excerpt})


def _moved(name: str, array: Array, draw: np.random.Generator) -> Array:
    """Return numbers that are off by a share of their spread: by exactly 1 those of counts."""
    if name == "count":
        return array + draw.choice([-1, 1], array.shape)
    if name == "sign":
        return array ^ (draw.random(array.shape) < 0.2)
    unit = _UNITS[name].astype(np.float64)
    return (array + draw.normal(0, 0.4, array.shape) * unit).astype(array.dtype)


def _network() -> ir.Model:
    """Build a graph of exact operators."""
    net = Recorder(_GRAPH)
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
