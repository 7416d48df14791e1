"""What the verbs beyond a call must answer: many samples, many prompts, a moving window, a forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import captioner
import decoder
import numpy as np
import processed
import signals
import tiny
from bundles import TOLERANCE
from calls import tensors_of
from tiny import Array

from edgeattn_runtime.decoding.beam_search import Beams, BeamSearch
from edgeattn_runtime.decoding.sampling import Sampling
from edgeattn_runtime.decoding.search import Search, SingleSearch
from edgeattn_runtime.decoding.stops import Stops

Entry = dict[str, Any]

_BEAMS = ("num_beams", "num_return_sequences", "length_penalty", "early_stopping")
_NEAR = {"max_abs": 1e-3}  # of a window's outputs


def run_many() -> list[Entry]:
    """Return samples of the int8 network: batches of several sizes, padded and not, and one that is none."""
    padded = {"tokens": np.array([[1, 2, 3, 0, 0, 0], [4, 5, 6, 7, 8, 9], [3, 0, 0, 0, 0, 0]])}
    padded["mask"] = (np.arange(6) < np.array([[3], [6], [1]])).astype(np.float32)
    samples = [sample.inputs for sample in tiny.samples([(2, 4), (1, 3)])] + [padded]
    broken = {**padded, "tokens": padded["tokens"][:, :5]}
    return [
        {
            "samples": [tensors_of(sample) for sample in samples],
            "outputs": [tensors_of(tiny.answer(**sample)) for sample in samples],
            "tolerance": TOLERANCE,
            "needs": "run_many",
        },
        {"samples": [], "outputs": [], "tolerance": TOLERANCE, "needs": "run_many"},
        {"samples": [tensors_of(samples[0]), tensors_of(broken)], "error": "InputError", "needs": "run_many"},
    ]


def generate_many() -> list[Entry]:
    """Return prompts of several lengths, with beams, stops and a penalty, and settings to be refused."""
    prompts = [[4, 7, 1], [2], [5, 5, 9], [1, 3, 8, 2, 2, 6]]
    settings: tuple[Entry, ...] = (
        {"max_new_tokens": 6},
        {},
        {"max_new_tokens": 8, "repetition_penalty": 1.7, "stop": [3]},
        {"max_new_tokens": 8, "stop_sequences": [[3, 3], [8, 8, 8]]},
        {"max_new_tokens": 5, "num_beams": 3, "num_return_sequences": 2},
        {"num_beams": 8, "stop": [3, 5], "early_stopping": True, "length_penalty": 0.5},
        {"max_new_tokens": 7, "num_beams": 4, "stop": [14], "early_stopping": "never", "length_penalty": 2},
        {"max_new_tokens": 6, "num_beams": 2, "stop_sequences": [[8, 3]], "repetition_penalty": 1.3},
    )
    refused: tuple[Entry, ...] = (
        {"prompts": []},
        {"prompts": [[1], []]},
        {"prompts": [[1], [tiny.WORDS]]},
        *(
            {"prompts": [[1]], "settings": each}
            for each in (
                {"max_new_tokens": 0},
                {"num_beams": 9},
                {"num_beams": 0},
                {"num_beams": 2, "num_return_sequences": 3},
                {"num_beams": 2, "temperature": 1},
                {"temperature": -1},
                {"top_k": 0},
                {"top_p": 0},
                {"repetition_penalty": 0},
                {"early_stopping": "sometimes"},
                {"stop": [tiny.WORDS]},
                {"stop_sequences": [[]]},
            )
        ),
    )
    return [
        *(
            _many({"prompts": prompts, "settings": each, "sequences": _found(prompts, each)})
            for each in settings
        ),
        *(_many({"settings": {}, **each, "error": "InputError"}) for each in refused),
    ]


def caption_many() -> list[Entry]:
    """Return a batch of sources, with beams and without."""
    sources = captioner.sources(3, 5, seed=11)
    seen = captioner.encode(**sources)["seen"]
    settings: tuple[Entry, ...] = ({"max_new_tokens": 5}, {"max_new_tokens": 5, "num_beams": 2})
    return [
        {
            "sources": tensors_of(sources),
            "start": [3],
            "settings": each,
            "sequences": [_found([[3]], each, seen[i : i + 1])[0] for i in range(len(seen))],
            "needs": "generate_many",
        }
        for each in settings
    ]


def listen(name: str) -> list[Entry]:
    """Return pushes of a sound, and what each window is answered with: the sum of its samples."""
    audio, dims = processed.SOUNDS[name]
    own = dims[-1] if isinstance(dims[-1], int) else None
    window, hop = own or 9, 5
    draw = np.random.default_rng(8)
    pushes = [draw.integers(-8, 9, (audio.channels, time)) / 8 for time in (7, 0, 6, 31, 1)]

    def answer(part: Array) -> dict[str, Array]:
        return {"total": part.sum(keepdims=True).astype(np.float32)}

    moments = _moments(pushes, window, hop, answer)
    shared = {"hop": hop, "needs": "stream", **({} if own else {"window": window})}
    silence = [[0.0] * window] * audio.channels
    refused = (
        {**shared, "pushes": [[[2.0] * window] * audio.channels]},
        {**shared, "pushes": [[*silence, silence[0]]]},
        {**shared, "pushes": [silence], "hop": 0},
    )
    return [
        {**shared, "pushes": [push.tolist() for push in pushes], "moments": moments, "tolerance": _NEAR},
        *({**each, "error": "InputError"} for each in refused),
    ]


def watch(name: str) -> list[Entry]:
    """Return pushes of series, with a gap where it may be, and what each window is answered with: itself."""
    series = processed.SERIES[name]
    draw = np.random.default_rng(9)
    pushes = [np.round(draw.normal(50, 20, (2, time)), 2) for time in (4, 5, 3)]
    if series.missing == "hold":
        pushes[1][0, 2] = np.nan

    def answer(part: Array) -> dict[str, Array]:
        numbers = signals.expected_series([{"values": _gaps(part)}], asdict(series), processed.TIME)
        return {"same": np.array(numbers, np.float32).reshape(1, 2, processed.TIME)}

    moments = _moments(pushes, processed.TIME, 2, answer)
    entry = {"hop": 2, "pushes": [_gaps(push) for push in pushes], "moments": moments}
    return [{**entry, "tolerance": _NEAR, "needs": "stream"}]


def forecast(name: str) -> list[Entry]:
    """Return outputs to be read in the series' own units, and some that are refused."""
    series = processed.SERIES[name]
    same = np.array([[[0, 1, -2.5, 3], [0.25, -1, 8, 0]]], np.float32)
    mean, std = (np.array(each)[:, np.newaxis] for each in (series.mean, series.std))
    values = same.astype(np.float64) * std + mean
    broken = ({"past": same}, {"same": same[:, :1]}, {"same": same[0]})
    return [
        {"outputs": tensors_of({"same": same}), "values": values.ravel().tolist(), "needs": "forecast"},
        *({"outputs": tensors_of(each), "error": "InputError", "needs": "forecast"} for each in broken),
    ]


def _many(entry: Entry) -> Entry:
    return {**entry, "needs": "generate_many"}


def _gaps(values: Array) -> list[list[float | None]]:
    return [[None if np.isnan(value) else value for value in row] for row in values.tolist()]


def _moments(
    pushes: Sequence[Array], window: int, hop: int, answer: Callable[[Array], dict[str, Array]]
) -> list[list[Entry]]:
    """Return per push what the windows that it completes are answered with."""
    moments: list[list[Entry]] = []
    came, end = np.zeros((len(pushes[0]), 0)), window
    for push in pushes:
        came = np.concatenate((came, push), axis=1)
        moments.append([])
        while end <= came.shape[1]:
            outputs = answer(came[:, end - window : end])
            moments[-1].append({"end": end, "outputs": tensors_of(outputs)})
            end += hop
    return moments


def _found(prompts: Sequence[list[int]], settings: Entry, seen: Array | None = None) -> list[list[Entry]]:
    """Return what the searches find by the decoder's logits, everything computed anew in each call."""
    beams = Beams(**{name: settings[name] for name in _BEAMS if name in settings})
    penalty = settings.get("repetition_penalty", 1.0)
    stops = Stops.read(settings.get("stop", ()), settings.get("stop_sequences", ()), tiny.WORDS)
    found = []
    for prompt in prompts:
        room = tiny.LONGEST - len(prompt) + 1
        limit = min(settings.get("max_new_tokens", room), room)
        begin = np.array(prompt)
        search: Search
        if beams.num_beams > 1:
            search = BeamSearch(begin, limit, stops, beams, repetition_penalty=penalty)
        else:
            sampling = Sampling(repetition_penalty=penalty)
            random = np.random.default_rng(0)
            search = SingleSearch(begin, limit, stops, sampling, random, length_penalty=beams.length_penalty)
        rows = begin[np.newaxis]
        while (continued := search.advance(_logits(rows, seen))) is not None:
            rows = np.column_stack((rows[continued.rows], continued.tokens))
        found.append([[list(each.tokens), round(each.score, 6)] for each in search.hypotheses])
    return found


def _logits(rows: Array, seen: Array | None) -> Array:
    """Return the logits behind the last token of each row, (rows, vocabulary)."""
    batch, length = rows.shape
    pasts = {f"past_{part}_0": np.zeros((batch, 1, length, decoder.SIZE)) for part in decoder.PARTS}
    carried = {} if seen is None else {"seen": np.repeat(seen, batch, axis=0)}
    answer = decoder.answer({"tokens": rows, "past_length": np.array([0]), **carried, **pasts})
    logits: Array = answer["logits"][:, -1].astype(np.float32)
    return logits
