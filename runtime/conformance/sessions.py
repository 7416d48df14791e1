"""Texts that are continued turn by turn in one session: each turn is answered as the whole text at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import decoder
import tiny
from case import REFUSED, Entry

_NEEDS = {"needs": "session"}


def continued() -> list[Entry]:
    """Return a chat, prompts that part from what came before or repeat it, and turns to be refused."""
    parting = ([4, 7, 1, 2, 2], [4, 7, 9], [4, 7], [4, 7], [1], [1, 4, 7, 1, 2, 2])
    begun, gone_on = _turn([4, 7, 1], 4), _turn([4, 7, 1, 8, 3, 9], 4)
    refused = [{"prompt": each, "max_new_tokens": 1, **REFUSED} for each in ([], [tiny.WORDS], [1] * 17)]
    return [
        {"turns": _chat([[4, 7, 1], [2, 9], [5]], 3), **_NEEDS},
        {"turns": [_turn(prompt, 6) for prompt in parting], **_NEEDS},
        {"turns": [_turn([4, 7, 1], None), _turn([4, 7, 1], None)], **_NEEDS},
        {"turns": [begun, *refused, gone_on], **_NEEDS},
    ]


def of_int8_cache() -> list[Entry]:
    """Return a chat whose cache is in int8."""
    return [{"turns": _chat([[4, 7, 1], [2, 9], [5]], 3, int8=True), **_NEEDS}]


def of_sources() -> list[Entry]:
    """Return a session to be refused: the cache of an encoder-decoder is of one source."""
    return [{"turns": [], **REFUSED, **_NEEDS}]


def _chat(said: Sequence[list[int]], most: int, *, int8: bool = False) -> list[Entry]:
    turns, text = list[Entry](), list[int]()
    for words in said:
        text = [*text, *words]
        turns.append(_turn(text, most, int8=int8))
        text = [*text, *turns[-1]["tokens"]]
    return turns


def _turn(prompt: list[int], most: int | None, *, int8: bool = False) -> Entry:
    tokens = islice(decoder.greedy(prompt, int8=int8), most)
    return {"prompt": prompt, "max_new_tokens": most, "tokens": list(tokens)}
