"""Prompts that are continued together, greedily and with beams, and the sequences that are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import captioner
import decoder
import numpy as np
import tiny
from case import REFUSED, Entry, tensors
from graphs import Array

from edgeattn_runtime.bundle.generation_options import OPTIONS
from edgeattn_runtime.bundle.option_kinds import Count, Number
from edgeattn_runtime.decoding.beam_search import Beams, BeamSearch
from edgeattn_runtime.decoding.sampling import Sampling
from edgeattn_runtime.decoding.search import Search, SingleSearch
from edgeattn_runtime.decoding.stops import Stops

_SAMPLING = ("repetition_penalty", "temperature", "top_k", "top_p")
_BEAMS = ("num_beams", "num_return_sequences", "length_penalty", "early_stopping")
_NEEDS = {"needs": "generate_many"}


def many(
    prompts: Sequence[list[int]], settings: Entry, effective: Entry | None = None, *, int8: bool = False
) -> Entry:
    """Return prompts that a caller gives with settings, and what is found with those that then hold."""
    sequences = found(prompts, settings if effective is None else effective, int8=int8)
    return {"prompts": [*prompts], "settings": settings, "sequences": sequences, **_NEEDS}


def continued() -> list[Entry]:
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
    broken: tuple[Entry, ...] = (
        *_beyond_limits(),
        {"num_beams": 2, "num_return_sequences": 3},
        {"num_beams": 2, "temperature": 1},
        {"early_stopping": "sometimes"},
        {"stop": [tiny.WORDS]},
        {"stop_sequences": [[]]},
    )
    refused: tuple[Entry, ...] = (
        *({"settings": {}, "prompts": each} for each in ([], [[1], []], [[1], [tiny.WORDS]])),
        *({"settings": each, "prompts": [[1]]} for each in broken),
    )
    return [
        *(many(prompts, each) for each in settings),
        *({**each, **REFUSED, **_NEEDS} for each in refused),
    ]


def of_int8_cache() -> list[Entry]:
    """Return prompts of two lengths that a cache in int8 continues, one by one and with beams."""
    settings: tuple[Entry, ...] = ({"max_new_tokens": 6}, {"max_new_tokens": 6, "num_beams": 3})
    return [many([[4, 7, 1], [1, 3, 8, 2, 2, 6]], each, int8=True) for each in settings]


def captioned() -> list[Entry]:
    """Return a batch of sources, with beams and without."""
    sources = captioner.sources(3, 5, seed=11)
    seen = captioner.encode(**sources)["seen"]
    settings: tuple[Entry, ...] = ({"max_new_tokens": 5}, {"max_new_tokens": 5, "num_beams": 2})
    return [
        {
            "sources": tensors(sources),
            "start": [3],
            "settings": each,
            "sequences": [found([[3]], each, seen[i : i + 1])[0] for i in range(len(seen))],
            **_NEEDS,
        }
        for each in settings
    ]


def _beyond_limits() -> list[Entry]:
    """Return numbers next to each option's limits; of a seed none, since -1 leaves it open in the C API."""
    beyond: list[Entry] = []
    for name, option in OPTIONS.items():
        kind = option["kind"]
        if isinstance(kind, Count | Number) and name != "seed":
            above = kind.above if isinstance(kind, Number) else None
            below = None if kind.least is None else kind.least - 1
            outside = (above, below, None if kind.most is None else kind.most + 1)
            beyond += [{name: value} for value in outside if value is not None]
    return beyond


def found(
    prompts: Sequence[list[int]], settings: Entry, seen: Array | None = None, *, int8: bool = False
) -> list[list[list[Any]]]:
    """Return what the searches find by the decoder's logits, everything computed anew in each call."""
    beams = Beams(**{name: settings[name] for name in _BEAMS if name in settings})
    penalty = settings.get("repetition_penalty", 1.0)
    stops = Stops.read(settings.get("stop", ()), settings.get("stop_sequences", ()), tiny.WORDS)
    sequences = []
    for i, prompt in enumerate(prompts):
        room = tiny.LONGEST - len(prompt) + 1
        limit = min(settings.get("max_new_tokens", room), room)
        begin = np.array(prompt)
        search: Search
        if beams.num_beams > 1:
            search = BeamSearch(begin, limit, stops, beams, repetition_penalty=penalty)
        else:
            sampling = Sampling(**{name: settings[name] for name in _SAMPLING if name in settings})
            random = np.random.default_rng(settings.get("seed", 0) + i)
            search = SingleSearch(begin, limit, stops, sampling, random, length_penalty=beams.length_penalty)
        rows = begin[np.newaxis]
        while (continued := search.advance(_logits(rows, seen, int8=int8))) is not None:
            rows = np.column_stack((rows[continued.rows], continued.tokens))
        sequences.append([[list(each.tokens), round(each.score, 6)] for each in search.hypotheses])
    return sequences


def _logits(rows: Array, seen: Array | None, *, int8: bool) -> Array:
    """Return the logits behind the last token of each row, (rows, vocabulary)."""
    batch, length = rows.shape
    carried = {} if seen is None else {"seen": np.repeat(seen, batch, axis=0)}
    answer = decoder.answer({"tokens": rows, **carried, **decoder.empty(batch, length, int8=int8)})
    logits: Array = answer["logits"][:, -1].astype(np.float32)
    return logits
