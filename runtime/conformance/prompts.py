"""Prompts that are continued together, greedily and with beams, and the sequences that are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import captioner
import decoder
import numpy as np
import tiny
from case import Entry, tensors
from graphs import Array

from edgeattn_runtime.bundle.generation_options import GenerationOptions
from edgeattn_runtime.decoding.beam_search import BeamSearch
from edgeattn_runtime.decoding.search import ScoredSearch, Search
from edgeattn_runtime.decoding.stops import Stops

_NEEDS = {"needs": "generate_many"}
_PROMPTS = [[4, 7, 1], [2], [5, 5, 9]]


def continued() -> list[Entry]:
    """Return prompts of several lengths, with beams, stops and a penalty."""
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
    return [_many([*_PROMPTS, [1, 3, 8, 2, 2, 6]], each, {}) for each in settings]


def of_int8_cache() -> list[Entry]:
    """Return prompts of two lengths that a cache in int8 continues, one by one and with beams."""
    settings: tuple[Entry, ...] = ({"max_new_tokens": 6}, {"max_new_tokens": 6, "num_beams": 3})
    return [_many([[4, 7, 1], [1, 3, 8, 2, 2, 6]], each, {}, int8=True) for each in settings]


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
            "sequences": [_found([[3]], each, seen[i : i + 1])[0] for i in range(len(seen))],
            **_NEEDS,
        }
        for each in settings
    ]


def with_beams(defaults: Entry) -> dict[str, list[Entry]]:
    """Return what a bundle answers by beams of its own, and runs token by token, which have none."""
    given: tuple[Entry, ...] = (
        {},
        {"num_return_sequences": 2},
        {"num_beams": 1},
        {"num_beams": 2, "length_penalty": 1, "early_stopping": False},
        {"stop": [], "repetition_penalty": 1, "max_new_tokens": 9},
    )
    single = {name: defaults[name] for name in ("stop", "max_new_tokens", "repetition_penalty")}
    warm = {"temperature": 1.5, "seed": 3}  # which leaves no room for beams
    runs = []
    for prompt, most in (([4, 7, 1], None), ([2], 9)):
        (((tokens, _),),) = _found([prompt], single if most is None else {**single, "max_new_tokens": most})
        runs.append({"prompt": prompt, "max_new_tokens": most, "tokens": tokens})
    many = [_many(_PROMPTS, each, defaults) for each in given]
    return {"generate": runs, "generate_many": [*many, _many(_PROMPTS, warm, {**defaults, "num_beams": 1})]}


def drawn(defaults: Entry) -> dict[str, list[Entry]]:
    """Return what a bundle answers that draws where its caller says nothing."""
    seeded = ({"seed": 5}, {"seed": 5, "top_k": 2, "top_p": 1})
    cold = ({"temperature": 0}, {"num_beams": 2, "max_new_tokens": 4})  # greedily, and by beams
    return {
        "generate_many": [
            *(_many(_PROMPTS, each, defaults) for each in seeded),
            *(_many(_PROMPTS, each, {}) for each in cold),
        ]
    }


def started(defaults: Entry) -> dict[str, list[Entry]]:
    """Return runs that begin as the bundle says, and as the caller says."""
    sources = captioner.sources(1, 4, seed=4)
    seen, runs = captioner.encode(**sources)["seen"], []
    for own in ({}, {"start": [9, 2]}):
        (((tokens, _),),) = _found([{**defaults, **own}["start"]], defaults, seen)
        runs.append({"sources": tensors(sources), **own, "max_new_tokens": None, "tokens": tokens})
    return {"generate": runs}


def _many(prompts: Sequence[list[int]], settings: Entry, defaults: Entry, *, int8: bool = False) -> Entry:
    """Return prompts that a caller gives with settings, and what is found with those that then hold."""
    sequences = _found(prompts, {**defaults, **settings}, int8=int8)
    return {"prompts": [*prompts], "settings": settings, "sequences": sequences, **_NEEDS}


def _found(
    prompts: Sequence[list[int]], settings: Entry, seen: Array | None = None, *, int8: bool = False
) -> list[list[list[Any]]]:
    """Return what the searches find by the decoder's logits, everything computed anew in each call."""
    options = GenerationOptions(**settings).settled()
    stops = Stops.read(options, tiny.WORDS)
    sequences = []
    for i, prompt in enumerate(prompts):
        room = tiny.LONGEST - len(prompt) + 1
        limit = min(options.max_new_tokens or room, room)
        begin = np.array(prompt)
        search: Search
        if options.num_beams > 1:
            search = BeamSearch(begin, limit, stops, options)
        else:
            random = np.random.default_rng((options.seed or 0) + i)
            search = ScoredSearch(begin, limit, stops, options, random)
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
