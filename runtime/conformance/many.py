"""Many samples at once, and windows over what never ends: what is given, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

import bundles
import numpy as np
import processed
import signals
import tiny
from calls import tensors
from case import REFUSED, Entry, Files
from graphs import Array, Recorder

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.bundle.rows import Stack
from edgeattn_runtime.graph import Graph

_NEAR = 1e-5
_NEEDS_MANY = {"needs": "run_many"}
_NEEDS_STREAM = {"needs": "stream"}


def together() -> list[Entry]:
    """Return batches of the int8 network given together, padded ones among them, and what it must answer."""
    samples = [sample.inputs for sample in tiny.samples([(1, 4), (3, 4), (2, 7), (1, 1), (3, 2), (1, 12)])]
    wrong = {**samples[0], "tokens": samples[0]["tokens"].astype(np.int32)}
    return [
        _answered(samples, [tiny.answer(**sample) for sample in samples], bundles.NEAR),
        _answered([], [], bundles.NEAR),
        {"samples": [tensors(each) for each in (samples[0], wrong)], **REFUSED, **_NEEDS_MANY},
    ]


def padded() -> list[Entry]:
    """Return batches whose longest row fills its axis, and ones among which a batch has none that does."""
    batches = tiny.padded_samples([(3, 5), (2, 5), (1, 2)])
    inputs = [batch.inputs for batch in batches]
    wrong = {**inputs[0], "lengths": np.array([4, 2, 4])}
    return [
        _answered(inputs, [batch.outputs for batch in batches], bundles.NEAR),
        {"samples": [tensors(each) for each in (inputs[1], wrong)], **REFUSED, **_NEEDS_MANY},
    ]


def by_position() -> list[Entry]:
    """Return batches that are answered by position: zeros stand where padding was left out."""
    masks = ([[1, 1, 1]], [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]], [[1, 0, 1, 0, 0], [1, 1, 1, 1, 1]])
    draw = np.random.default_rng(3)
    samples, answers = [], []
    for rows in masks:
        mask = np.array(rows, np.float32)
        inputs = {"tokens": draw.integers(0, tiny.WORDS, mask.shape), "mask": mask}
        vectors = _vectors(**inputs)["vectors"]
        for vector, row in zip(vectors, mask, strict=True):
            if row.any():
                vector[len(np.trim_zeros(row, "b")) :] = 0
        samples.append(inputs)
        answers.append({"vectors": vectors})
    return [_answered(samples, answers, _NEAR)]


def positions() -> Files:
    """Return a graph that answers each position, its rows independent: table[tokens] + mask."""
    graph = Graph((tiny.TOKENS, tiny.MASK), (tiny.VECTORS,))
    net = Recorder(graph.inputs, graph.outputs)
    tokens, mask = net.inputs
    net.Add(net.Gather(tiny.weights()["table"], tokens), net.Unsqueeze(mask, [2]), output=net.outputs[0])
    golden = [Sample(sample.inputs, _vectors(**sample.inputs)) for sample in tiny.samples()]
    files = {
        bundles.MODEL_FILE: bundles.onnx(net.model()),
        bundles.GOLDEN_FILE: bundles.golden_vectors(golden, graph),
    }
    variant = replace(bundles.CPU, stacks=(Stack({"sequence": 2}, rows=2), Stack({"sequence": 8}, rows=3)))
    return bundles.described(files, graphs={"model": graph}, rows=bundles.ROWS, variants=(variant,))


def _vectors(tokens: Array, mask: Array) -> dict[str, Array]:
    return {"vectors": tiny.weights()["table"][tokens] + mask[..., np.newaxis]}


def forecasts(name: str) -> list[Entry]:
    """Return outputs to be read as a forecast, and some that are none."""
    series = processed.SERIES[name]
    output = np.random.default_rng(5).normal(size=(2, len(series.names), 3)).astype(np.float32)
    units = output * np.array(series.std)[:, np.newaxis] + np.array(series.mean)[:, np.newaxis]
    broken = (
        {"other": output},
        {"same": output.astype(np.float64)},
        {"same": output[:, :1]},
        {"same": output[0]},
    )
    needs = {"needs": "forecast"}
    return [
        {"outputs": tensors({"same": output}), "forecast": tensors({"same": units})["same"], **needs},
        *({"outputs": tensors(each), **REFUSED, **needs} for each in broken),
    ]


def streamless() -> list[Entry]:
    """Return a stream of a bundle that prepares neither sounds nor series."""
    return [{"hop": 1, "window": 4, "pushes": [], **REFUSED, **_NEEDS_STREAM}]


def sounds(name: str) -> list[Entry]:
    """Return sounds that come in pieces, and streams that cannot be."""
    audio, dims = processed.SOUNDS[name]
    own = dims[-1] if isinstance(dims[-1], int) else None
    draw = np.random.default_rng(8)
    heard = np.round(draw.uniform(-1, 1, (audio.channels, 40)), 3).astype(np.float32)
    heard[0, 23] = 1.5  # windows over it are refused
    size = own or 7

    def answer(window: Array) -> dict[str, Array] | None:
        if np.abs(window).max() > 1:
            return None
        return {"total": window.astype(np.float64).sum(keepdims=True).reshape(1, 1).astype(np.float32)}

    entries = [
        _stream(heard, (3, 11, 0, 1, 9, 16), hop=5, window=size, own=own, answer=answer),
        _stream(heard, (15, 25), hop=size + 4, window=size, own=own, answer=answer),
        _stream(heard, (1,) * 40, hop=1, window=3, own=None, answer=answer),
        {"hop": 0, "window": size, "pushes": [], **REFUSED, **_NEEDS_STREAM},
        {"hop": 1, "window": 0, "pushes": [], **REFUSED, **_NEEDS_STREAM},
    ]
    if own is None:
        entries.append({"hop": 1, "window": None, "pushes": [], **REFUSED, **_NEEDS_STREAM})
    return entries


def series(name: str) -> list[Entry]:
    """Return series that come in pieces, with gaps."""
    how = processed.SERIES[name]
    values = np.round(np.random.default_rng(9).normal(20, 30, (len(how.names), 40)), 2)
    values[0, [0, 4, 9]] = np.nan
    values[1, 15:23] = np.nan  # longer than a window

    def answer(window: Array) -> dict[str, Array] | None:
        raw = {"values": [[None if np.isnan(x) else x for x in row] for row in window.tolist()]}
        numbers = signals.expected_series([raw], asdict(how), processed.TIME)
        if numbers is None:
            return None
        return {"same": np.array(numbers, np.float32).reshape(1, len(how.names), processed.TIME)}

    time = processed.TIME
    return [
        _stream(values, (2, 4, 7, 0, 12, 15), hop=2, window=time, own=time, answer=answer),
        _stream(values, (10, 10, 10, 10), hop=9, window=time, own=None, answer=answer),
    ]


def _stream(
    values: Array, sizes: Sequence[int], *, hop: int, window: int, own: int | None, answer: Any
) -> Entry:
    """Return a stream of ``values``, (rows, time), pushed in pieces of these sizes.

    Where a push completes several windows and one is refused, those before it are lost with the push, and
    those behind it come with the next.
    """
    pieces = np.split(values, np.cumsum(sizes)[:-1], axis=1)
    moments: list[list[Entry] | None] = []
    end, come = window, 0
    for size in sizes:
        come += size
        answers: list[Entry] | None = []
        while end <= come and answers is not None:
            outputs = answer(values[:, end - window : end])
            answers = None if outputs is None else [*answers, {"end": end, "outputs": tensors(outputs)}]
            end += hop
        moments.append(answers)
    return {
        "hop": hop,
        "window": None if window == own else window,
        "pushes": [_rows(piece) for piece in pieces],
        "moments": moments,
        "tolerance": _NEAR,
        **_NEEDS_STREAM,
    }


def _rows(piece: Array) -> list[list[float | None]]:
    return [[None if np.isnan(x) else float(str(x)) for x in row] for row in piece]


def _answered(
    samples: Iterable[dict[str, Array]], outputs: Iterable[dict[str, Array]], tolerance: float
) -> Entry:
    return {
        "samples": [tensors(sample) for sample in samples],
        "outputs": [tensors(output) for output in outputs],
        "tolerance": tolerance,
        **_NEEDS_MANY,
    }
