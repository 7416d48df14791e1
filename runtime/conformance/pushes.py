"""Cases of bundles that stream in steps: what they are pushed, and the moments that each push must give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import steps
from case import Case, Entry, accepted, numbers, tensors
from graphs import Array
from steps import KINDS, Kind

NEAR = 1e-5  # of any number of a moment

Moments = list[list[Entry] | None]  # by push, None where it is refused


def cases() -> Iterator[Case]:
    """Yield the cases."""
    for name, kind in KINDS.items():
        yield accepted(name, f"streams {kind.what}", steps.bundle(name), steps=_pushed(kind))


def _pushed(kind: Kind) -> list[Entry]:
    """Return what comes in pieces of several sizes, some of it refused, and a stream that begins anew."""
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
        _entry(kind, _cut(kind, values, (hop + 1, 1)), [values]),
        _entry(kind, [*_cut(kind, spoiled, [2 * hop] * 5), nothing]),
        *([] if kind.audio or kind.series else [_misshapen(kind, values)]),
    ]


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


def _entry(kind: Kind, *runs: Sequence[Array]) -> Entry:
    """Return pushes of arrays without a batch, the moments that each must give, and resets between runs."""
    pushes: list[Any] = []
    given: Moments = []
    for run in runs:
        pushes += [*(["reset"] if pushes else []), *(_given(kind, piece) for piece in run)]
        given += [*([[]] if given else []), *_moments(kind, run)]
    return {"pushes": pushes, "moments": given, "tolerance": NEAR, "needs": "steps"}


def _moments(kind: Kind, run: Sequence[Array]) -> Moments:
    """Return the moments of each push; a hop that is refused is passed over, and the state stays."""
    values, time = np.concatenate(run, axis=kind.axis - 1), kind.axis - 1
    taken = [values[kind.places(0, 0)]]

    def answer(end: int) -> dict[str, Array] | None:
        hop = values[kind.places(end - kind.hop, end)]
        if np.isnan(hop).any() or (kind.audio and np.abs(hop).max() > 1):
            return None
        taken.append(hop)
        return _last(kind, np.concatenate(taken, axis=time))

    return moments([piece.shape[time] for piece in run], kind.hop, kind.hop, answer)


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


def _given(kind: Kind, piece: Array) -> Any:
    """Return a piece as cases.json holds it: rows where it is prepared, else a tensor."""
    if not kind.audio and not kind.series:
        return tensors({"x": piece.astype(np.float32)})["x"]
    return [numbers(row, nan=None) for row in np.atleast_2d(piece)]


def _cut(kind: Kind, values: Array, sizes: Sequence[int]) -> list[Array]:
    return np.split(values, np.cumsum(sizes), axis=kind.axis - 1)[: len(sizes)]


def _last(kind: Kind, values: Array) -> dict[str, Array]:
    """Return what a step answers for the last hop of values, without a batch, that have come."""
    if kind.series is not None:
        columns = (np.array(numbers)[:, np.newaxis] for numbers in (kind.series.mean, kind.series.std))
        mean, std = columns
        values = (values - mean) / std
    outputs = steps.answer(values.astype(np.float32)[np.newaxis], kind.axis)
    hop = (slice(None), *kind.places(-kind.hop, None))
    return {name: array[hop] for name, array in outputs.items()}
