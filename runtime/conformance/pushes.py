"""Cases of bundles that stream in steps: what they are pushed, and the moments that each push must give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import steps
from case import Case, Entry, accepted, numbers, tensors
from graphs import Array
from steps import Row

NEAR = 1e-5  # of any number of a moment

Moments = list[list[Entry] | None]  # by push, None where it is refused


def cases() -> Iterator[Case]:
    """Yield the cases."""
    for row in steps.rows():
        yield accepted(row.bundle, row.why, row.files(), steps=_pushed(row))


def _pushed(row: Row) -> list[Entry]:
    """Return what comes in pieces of several sizes, some of it refused, and a stream that begins anew."""
    hop = row.streaming.hop
    total = 9 * hop + 1
    values = np.round(np.random.default_rng(11).uniform(-0.9, 0.6, row.sizes(total)[1:]), 2)
    if row.series is not None:
        values *= 50
    spoiled = values.copy()
    for place in (2 * hop, 5 * hop):
        spoiled[row.places(place, place + hop)] = 1.5 if row.audio else np.nan
    return [
        _entry(row, _cut(row, values, [1] * total)),
        _entry(row, _cut(row, values, (1, 2 * hop, 0, total - 2 * hop - 1))),
        _entry(row, [values]),
        _entry(row, _cut(row, values, (hop + 1, 1)), [values]),
        _entry(row, [*_cut(row, spoiled, [2 * hop] * 5), values[row.places(0, 0)]]),
        *([] if row.processing else [_misshapen(row, values)]),
    ]


def _misshapen(row: Row, values: Array) -> Entry:
    """Return pushes of another dtype or shape, which take nothing, before one that is right."""
    axis, floats = row.streaming.axis, values.astype(np.float32)
    doubled = np.concatenate([floats, floats], axis=2 - axis)
    wrong = (values, floats[np.newaxis], floats[row.places(0, 1)].squeeze(axis - 1), doubled)
    whole = _entry(row, [values])
    return {
        **whole,
        "pushes": [*(tensors({"x": array})["x"] for array in wrong), *whole["pushes"]],
        "moments": [*[None] * len(wrong), *whole["moments"]],
    }


def _entry(row: Row, *runs: Sequence[Array]) -> Entry:
    """Return pushes of arrays without a batch, the moments that each must give, and resets between runs."""
    pushes: list[Any] = []
    given: Moments = []
    for run in runs:
        pushes += [*(["reset"] if pushes else []), *(_given(row, piece) for piece in run)]
        given += [*([[]] if given else []), *_moments(row, run)]
    return {"pushes": pushes, "moments": given, "tolerance": NEAR, "needs": "steps"}


def _moments(row: Row, run: Sequence[Array]) -> Moments:
    """Return the moments of each push; a hop that is refused is passed over, and the state stays."""
    time, hop = row.streaming.axis - 1, row.streaming.hop
    values = np.concatenate(run, axis=time)
    taken = [values[row.places(0, 0)]]

    def answer(end: int) -> dict[str, Array] | None:
        piece = values[row.places(end - hop, end)]
        if np.isnan(piece).any() or (row.audio and np.abs(piece).max() > 1):
            return None
        taken.append(piece)
        return _last(row, np.concatenate(taken, axis=time))

    return moments([piece.shape[time] for piece in run], hop, hop, answer)


def moments(
    sizes: Iterable[int], first: int, hop: int, answer: Callable[[int], Mapping[str, Array] | None]
) -> Moments:
    """Return what pushes of these sizes give: outputs at ``first`` and every ``hop`` behind it.

    Where one of several ends in a push is refused, the push is None and loses those before it; those behind
    it come with the next.
    """
    pushes: Moments = []
    end, come = first, 0
    for size in sizes:
        come += size
        given: list[Entry] | None = []
        while end <= come and given is not None:
            outputs = answer(end)
            given = None if outputs is None else [*given, {"end": end, "outputs": tensors(outputs)}]
            end += hop
        pushes.append(given)
    return pushes


def _given(row: Row, piece: Array) -> Any:
    """Return a piece as cases.json holds it: rows where it is prepared, else a tensor."""
    if row.processing is None:
        return tensors({"x": piece.astype(np.float32)})["x"]
    return [numbers(each, nan=None) for each in np.atleast_2d(piece)]


def _cut(row: Row, values: Array, sizes: Sequence[int]) -> list[Array]:
    return np.split(values, np.cumsum(sizes), axis=row.streaming.axis - 1)[: len(sizes)]


def _last(row: Row, values: Array) -> dict[str, Array]:
    """Return what a step answers for the last hop of values, without a batch, that have come."""
    if row.series is not None:
        mean, std = (np.array(units)[:, np.newaxis] for units in (row.series.mean, row.series.std))
        values = (values - mean) / std
    outputs = row.answer(values.astype(np.float32)[np.newaxis])
    hop = (slice(None), *row.places(-row.streaming.hop, None))
    return {name: array[hop] for name, array in outputs.items()}
