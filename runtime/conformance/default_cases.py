"""Cases of bundles that say what they generate with where a caller says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import captioner
import generating
import tiny
from breaking import Make, changed
from calls import tensors
from case import ACCEPTED, Case, refused
from prompts import Entry, found

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


def _defaults(to: Entry, whole: Make = generating.decoder_alone) -> Make:
    return changed("generation", "defaults", to=to, whole=whole)


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
    none = {"sources": tensors(sources), "start": [], "max_new_tokens": None, "error": "InputError"}
    return [*runs, none]


def _refused(name: str, why: str, to: Any, whole: Make = generating.decoder_alone) -> Case:
    return refused(f"defaults-{name}.edge", why, _defaults(to, whole))


DEFAULTS = (
    Case(
        "defaults.edge",
        ACCEPTED,
        "generates by beams of its own, where its caller leaves room for them",
        _defaults(_BEAMS),
        generate=_single(),
        generate_many=_beams(),
    ),
    Case(
        "defaults-drawn.edge",
        ACCEPTED,
        "draws where its caller says nothing",
        _defaults(_DRAWN),
        generate_many=_draws(),
    ),
    Case(
        "defaults-start.edge",
        ACCEPTED,
        "begins with tokens of its own",
        _defaults(_STARTED, generating.feature_encoder),
        generate=_started((None, [9, 2])),
    ),
    _refused("none", "defaults without a setting", {}),
    _refused("unknown", "a setting that is not specified", {"do_sample": True}),
    _refused("alone", "a decoder alone that begins with tokens of its own", {"start": [1]}),
    _refused("word", "a stop beyond the vocabulary", {"stop": [tiny.WORDS]}),
    _refused("stop", "an empty list of stops", {"stop": []}),
    _refused("beams", "more beams than there may be", {"num_beams": 9}),
    _refused("both", "beams that draw", {"num_beams": 2, "temperature": 0.7}),
    _refused("share", "tokens that hold more than all", {"top_p": 1.5}),
    _refused("penalty", "a penalty of 0", {"repetition_penalty": 0}),
    _refused("early", "beams that end sometimes", {"early_stopping": "sometimes"}),
    refused(
        "defaults-rows.edge",
        "more beams than a call has rows",
        changed("symbols", "batch", to={"min": 1, "max": 2}, whole=_defaults({"num_beams": 3})),
    ),
)
