"""What streams in steps are pushed, and the moments that each push must give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from calls import tensors
from case import REFUSED, Entry
from graphs import Array
from steps import KINDS, Kind, answer

_NEAR = 1e-5
_NEEDS = {"needs": "steps"}


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
    return [{"pushes": [], **REFUSED, **_NEEDS}]


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
    outputs = answer(values.astype(np.float32)[np.newaxis], kind.axis)
    hop = (slice(None), *kind.places(-kind.hop, None))
    return {name: array[hop] for name, array in outputs.items()}
