"""Cases of golden vectors that are wrong or broken, and of ones whose errors a runtime gives exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from bundles import CPU, SAMPLES, TABLE, whole
from case import GOLDEN_FAILS, Case, Files
from edits import changed
from graphs import Array, Recorder, Reference
from network import good

from edgeattn_runtime.bundle.golden import Excerpt, Sample
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Graph

(_ROW,) = TABLE["known errors"]
_GRAPH = Graph.from_field(Field("graph", _ROW["graph"]))
_UNITS = {name: np.array(spread, np.float32) for name, spread in _ROW["spreads"].items()}
_TOLERANCE = _ROW["tolerance"]
_FACTORS = np.array([[1, 2, 4, 8], [16, 32, 64, 128]], np.float32)  # of a grid's last dims


def cases() -> Iterator[Case]:
    """Yield the cases."""
    golden, variants = (golden for _, golden in _measured()), (replace(CPU, tolerance=_TOLERANCE),)
    files = whole(_network(), _GRAPH, golden, spreads=_UNITS, variants=variants)
    yield Case(_ROW["bundle"], _ROW["why"], files, GOLDEN_FAILS, {"golden": _errors()})
    made: dict[str, Files] = {"good": good(), _ROW["bundle"]: files}
    for row in TABLE["golden"]:
        made[row["bundle"]] = files = changed(row, made)
        yield Case(row["bundle"], row["why"], files, row["verdict"])


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
    draw, answer = np.random.default_rng(31), Reference(_network())
    for i in range(SAMPLES):
        top = draw.integers(-40, 41, (2, 3 + i, 3)).astype(np.float32)
        bottom = 2.0 ** draw.integers(-2, 3, top.shape).astype(np.float32)
        if i == 1:
            top[0, 0], bottom[0, 0] = (0, 1, -1), 0
        if i == SAMPLES - 1:
            top[:], bottom[:] = 0, 0
        inputs = {"top": top, "bottom": bottom.astype(np.float32)}
        with np.errstate(divide="ignore", invalid="ignore"):
            answers = answer(inputs)
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
    top, _ = net.inputs
    ratio, part, total, count, half, sign, grid = net.outputs
    wide = (net.Cast(each, to=ir.DataType.DOUBLE) for each in net.inputs)  # 32-bit Arm estimates float32's
    net.Add(net.Cast(net.Div(*wide), to=ir.DataType.FLOAT), 10.0, output=ratio)
    net.Identity(top, output=part)
    net.ReduceSum(top, [1, 2], keepdims=0, output=total)
    net.Cast(top, to=ir.DataType.INT64, output=count)
    net.Cast(net.Transpose(top, perm=[0, 2, 1]), to=ir.DataType.FLOAT16, output=half)
    net.Greater(top, 0.0, output=sign)
    net.Mul(net.Unsqueeze(top, [3, 4]), _FACTORS, output=grid)
    return net.model()
