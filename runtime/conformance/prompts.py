"""Prompts that are continued together, greedily and with beams, and the sequences that are found."""

from __future__ import annotations

from collections.abc import Sequence

import captioner
import decoder
import numpy as np
import tiny
from calls import tensors
from case import REFUSED, Entry
from graphs import Array

from edgeattn_runtime.bundle.generation_options import OPTIONS
from edgeattn_runtime.bundle.option_kinds import Count, Number
from edgeattn_runtime.decoding.beam_search import Beams, BeamSearch
from edgeattn_runtime.decoding.sampling import Sampling
from edgeattn_runtime.decoding.search import Search, SingleSearch
from edgeattn_runtime.decoding.stops import Stops

_SAMPLING = ("repetition_penalty", "temperature", "top_k", "top_p")
_BEAMS = ("num_beams", "num_return_sequences", "length_penalty", "early_stopping")


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
    refused: tuple[Entry, ...] = (
        {"prompts": []},
        {"prompts": [[1], []]},
        {"prompts": [[1], [tiny.WORDS]]},
        *(
            {"prompts": [[1]], "settings": each}
            for each in (
                *beyond_limits(),
                {"num_beams": 2, "num_return_sequences": 3},
                {"num_beams": 2, "temperature": 1},
                {"early_stopping": "sometimes"},
                {"stop": [tiny.WORDS]},
                {"stop_sequences": [[]]},
            )
        ),
    )
    return [
        *(
            _many({"prompts": prompts, "settings": each, "sequences": found(prompts, each)})
            for each in settings
        ),
        *(_many({"settings": {}, **each, **REFUSED}) for each in refused),
    ]


def beyond_limits() -> list[Entry]:
    """Return numbers next to each option's limits; of a seed none, since -1 leaves it open in the C API."""
    beyond: list[Entry] = []
    for name, option in OPTIONS.items():
        kind = option["kind"]
        if not isinstance(kind, Count | Number) or name == "seed":
            continue
        above = kind.above if isinstance(kind, Number) else None
        outside = [
            above,
            None if kind.least is None else kind.least - 1,
            None if kind.most is None else kind.most + 1,
        ]
        beyond += [{name: value} for value in outside if value is not None]
    return beyond


def of_int8_cache() -> list[Entry]:
    """Return prompts of two lengths that a cache in int8 continues, one by one and with beams."""
    prompts = [[4, 7, 1], [1, 3, 8, 2, 2, 6]]
    settings: tuple[Entry, ...] = ({"max_new_tokens": 6}, {"max_new_tokens": 6, "num_beams": 3})
    return [
        _many({"prompts": prompts, "settings": each, "sequences": found(prompts, each, int8=True)})
        for each in settings
    ]


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
            "needs": "generate_many",
        }
        for each in settings
    ]


def _many(entry: Entry) -> Entry:
    return {**entry, "needs": "generate_many"}


def found(
    prompts: Sequence[list[int]], settings: Entry, seen: Array | None = None, *, int8: bool = False
) -> list[list[Entry]]:
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
