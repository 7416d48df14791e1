"""Cases of bundles that say with what they generate where a caller says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import captioner
import generating
from case import REFUSED, Case, Entry, accepted, tensors
from edits import edited
from prompts import found, many

_PROMPTS = [[4, 7, 1], [2], [5, 5, 9]]
_BEAMS: Entry = {
    "stop": [14],
    "max_new_tokens": 6,
    "num_beams": 3,
    "length_penalty": 0.5,
    "early_stopping": True,
    "repetition_penalty": 1.7,
}
_SINGLE = {name: _BEAMS[name] for name in ("stop", "max_new_tokens", "repetition_penalty")}
_BY_CALLER: tuple[Entry, ...] = (
    {},
    {"num_return_sequences": 2},
    {"num_beams": 1},
    {"num_beams": 2, "length_penalty": 1, "early_stopping": False},
    {"stop": [], "repetition_penalty": 1, "max_new_tokens": 9},
)
_DRAWN: Entry = {"temperature": 2.0, "top_k": 6, "top_p": 0.9}
_STARTED: Entry = {"start": [3], "stop": [0], "max_new_tokens": 5}


def cases() -> Iterator[Case]:
    """Yield the cases."""
    decoder, warm = generating.decoder_alone(), {"temperature": 1.5, "seed": 3}
    yield accepted(
        "defaults",
        "generates by beams of its own, where its caller leaves room for them",
        edited(decoder, set={"generation defaults": _BEAMS}),
        generate=[_run([4, 7, 1], None), _run([2], 9)],
        generate_many=[
            *(many(_PROMPTS, each, {**_BEAMS, **each}) for each in _BY_CALLER),
            many(_PROMPTS, warm, {**_BEAMS, "num_beams": 1, **warm}),
        ],
    )
    beams = {"num_beams": 2, "max_new_tokens": 4}
    seeded = ({"seed": 5}, {"seed": 5, "top_k": 2, "top_p": 1})
    yield accepted(
        "defaults-drawn",
        "draws where its caller says nothing",
        edited(decoder, set={"generation defaults": _DRAWN}),
        generate_many=[
            *(many(_PROMPTS, each, {**_DRAWN, **each}) for each in seeded),
            many(_PROMPTS, {"temperature": 0}, {}),
            many(_PROMPTS, beams),
        ],
    )
    started = edited(generating.feature_encoder(), set={"generation defaults": _STARTED})
    yield accepted("defaults-start", "begins with tokens of its own", started, generate=_started())


def _run(prompt: list[int], most: int | None) -> Entry:
    """Return a run whose tokens come one by one, so without the beams."""
    settings = _SINGLE if most is None else {**_SINGLE, "max_new_tokens": most}
    return {"prompt": prompt, "max_new_tokens": most, "tokens": found([prompt], settings)[0][0][0]}


def _started() -> list[Entry]:
    """Return runs that begin as the bundle says, as the caller says, and with no token."""
    sources = captioner.sources(1, 4, seed=4)
    seen, given = captioner.encode(**sources)["seen"], {"sources": tensors(sources)}
    starts: tuple[Entry, ...] = ({}, {"start": [9, 2]})
    return [
        *(
            {
                **given,
                **own,
                "max_new_tokens": None,
                "tokens": found([{**_STARTED, **own}["start"]], _STARTED, seen)[0][0][0],
            }
            for own in starts
        ),
        {**given, "start": [], "max_new_tokens": None, **REFUSED},
    ]
