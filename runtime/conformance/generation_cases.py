"""Cases of bundles that generate, some of which say with what where a caller says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import calls
import captioner
import generating
import prompts
import sessions
from calls import tensors
from case import REFUSED, Case, Entry, accepted
from edits import edited
from prompts import found

_PROMPTS = ([4, 7, 1], [2], [5, 5, 9])
_BEAMS: Entry = {
    "stop": [14],
    "max_new_tokens": 6,
    "num_beams": 3,
    "length_penalty": 0.5,
    "early_stopping": True,
    "repetition_penalty": 1.7,
}
_DRAWN: Entry = {"temperature": 2.0, "top_k": 6, "top_p": 0.9}
_STARTED: Entry = {"start": [3], "stop": [0], "max_new_tokens": 5}
_OF_BEAMS = ("num_beams", "length_penalty", "early_stopping")


def cases() -> Iterator[Case]:
    """Yield the cases."""
    decoder, sources = generating.decoder_alone(), generating.feature_encoder()
    yield accepted(
        "decoder",
        "generates",
        decoder,
        calls=calls.decoder_calls(),
        generate=calls.generated(),
        generate_many=prompts.continued(),
        session=sessions.continued(),
    )
    yield accepted(
        "int8-cache",
        "generates with keys and values in int8, and their scales, as its cache",
        generating.decoder_alone(int8=True),
        calls=calls.int8_cache_calls(),
        generate=calls.generated(int8=True),
        generate_many=prompts.of_int8_cache(),
        session=sessions.of_int8_cache(),
    )
    yield accepted(
        "sources",
        "generates from features and their mask",
        sources,
        calls=calls.encoder_calls(),
        generate=calls.captioned(),
        generate_many=prompts.captioned(),
    )
    yield accepted(
        "encoder-decoder",
        "generates from a source; graphs of the exporter, tokens of PyTorch",
        generating.encoder_decoder(),
        calls=calls.encoder_decoder_calls(),
        generate=calls.translated(),
        session=sessions.of_sources(),
    )
    yield accepted(
        "defaults",
        "generates by beams of its own, where its caller leaves room for them",
        edited(decoder, set={"generation defaults": _BEAMS}),
        generate=_single(),
        generate_many=_beams(),
    )
    drawn = edited(decoder, set={"generation defaults": _DRAWN})
    yield accepted("defaults-drawn", "draws where its caller says nothing", drawn, generate_many=_draws())
    started = edited(sources, set={"generation defaults": _STARTED})
    yield accepted(
        "defaults-start", "begins with tokens of its own", started, generate=_started((None, [9, 2]))
    )


def _continued(prompt: list[int], most: int | None, settings: Entry) -> Entry:
    """Return a run whose tokens come one by one, and what is found with these settings."""
    return {"prompt": prompt, "max_new_tokens": most, "tokens": found([prompt], settings)[0][0][0]}


def _many(settings: Entry, effective: Entry) -> Entry:
    """Return what a caller says, and what is found with the settings that then hold."""
    sequences = found(_PROMPTS, effective)
    return {"prompts": [*_PROMPTS], "settings": settings, "sequences": sequences, "needs": "generate_many"}


def _single() -> list[Entry]:
    """Return runs without beams, which come to no whole sequences there."""
    single = {name: value for name, value in _BEAMS.items() if name not in _OF_BEAMS}
    return [
        _continued([4, 7, 1], None, single),
        _continued([2], 9, {**single, "max_new_tokens": 9}),
    ]


def _beams() -> list[Entry]:
    own: tuple[Entry, ...] = (
        {},
        {"num_return_sequences": 2},
        {"num_beams": 1},
        {"num_beams": 2, "length_penalty": 1, "early_stopping": False},
        {"stop": [], "repetition_penalty": 1, "max_new_tokens": 9},
    )
    drawn = {**_BEAMS, "num_beams": 1, "temperature": 1.5, "seed": 3}
    return [
        *(_many(each, {**_BEAMS, **each}) for each in own),
        _many({"temperature": 1.5, "seed": 3}, drawn),
    ]


def _draws() -> list[Entry]:
    return [
        *(_many(each, {**_DRAWN, **each}) for each in ({"seed": 5}, {"seed": 5, "top_k": 2, "top_p": 1})),
        _many({"temperature": 0}, {}),
        _many({"num_beams": 2, "max_new_tokens": 4}, {"num_beams": 2, "max_new_tokens": 4}),
    ]


def _started(starts: Sequence[list[int] | None]) -> list[Entry]:
    sources = captioner.sources(1, 4, seed=4)
    seen = captioner.encode(**sources)["seen"]
    runs: list[Entry] = []
    for start in starts:
        tokens = found([start or _STARTED["start"]], _STARTED, seen)[0][0][0]
        own = {} if start is None else {"start": start}
        runs.append({"sources": tensors(sources), **own, "max_new_tokens": None, "tokens": tokens})
    none = {"sources": tensors(sources), "start": [], "max_new_tokens": None, **REFUSED}
    return [*runs, none]
