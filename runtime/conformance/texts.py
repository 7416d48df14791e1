"""A thousand odd texts, the same on every machine."""

# ruff: noqa: RUF001

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

SEED = 20
COUNT = 1000

TABLE = json.loads(Path(__file__).with_name("texts.json").read_text("utf-8"))
SENTENCES: tuple[str, ...] = tuple(TABLE["sentences"])
EMOJI: tuple[str, ...] = tuple(TABLE["emoji"])
TOKENS: tuple[str, ...] = tuple(TABLE["tokens"])
SCRIPTS: list[str] = TABLE["scripts"]  # first and last of a range, in hex
CONTROLS = (*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)))
SPACES = " \t\n\r\v\f\u00a0\u1680\u2003\u2009\u2028\u2029\u202f\u205f\u3000"
UNSEEN = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\ufe0f\ufeff"
MARKS = "\u0300\u0301\u0302\u0303\u0308\u030a\u0323\u0327\u0328\u0345\u05b0\u064e\u093f\u0e31\u20dd\u3099"
STRANGE = "\ufffd\ufffe\uffff\U0001ffff\ue000\U000f0000\U0010ffff\u0378"
FOLDED = "ﬁﬂﬃßẞŉǰΐİıſKÅΩΣσς①⑩㈱㎏㍿Ⅷⅷªº²₂ｱｲｳﾞＡｂｃ１２３！？﷽"


def texts() -> list[str]:
    """Return the texts: a fixed few, then drawn ones of every kind in turn."""
    draw = random.Random(SEED)
    drawn = [*_fixed()]
    while len(drawn) < COUNT:
        drawn.append(_KINDS[len(drawn) % len(_KINDS)](draw))
    return drawn


def _fixed() -> Iterator[str]:
    yield from ("", " ", "\n", "   \t ", "a", "A", ".", "\0", "\0\0a\0", "\ufeff", "\u200b", "\u0301")
    yield from SENTENCES
    yield from (*CONTROLS, *SPACES, *UNSEEN, *MARKS, *STRANGE, *FOLDED, *EMOJI, *TOKENS)
    yield "e" + "\u0301" * 30
    yield "".join(EMOJI) * 3
    yield "x" * 101  # a word longer than a WordPiece takes
    yield "a" * 300
    yield "ab" * 150 + " " + "東" * 100
    yield " ".join(SENTENCES) * 2


def _piece(draw: random.Random) -> str:
    sentence = draw.choice(SENTENCES)
    start = draw.randrange(len(sentence))
    return sentence[start : start + draw.randrange(1, 40)]


def _of_a_script(draw: random.Random) -> str:
    first, last = (int(end, 16) for end in draw.choice(SCRIPTS).split())
    return "".join(chr(draw.randrange(first, last + 1)) for _ in range(draw.randrange(1, 12)))


def _mixed(draw: random.Random) -> str:
    return "".join(draw.choice((_of_a_script, _piece))(draw)[:8] for _ in range(draw.randrange(2, 5)))


def _marked(draw: random.Random) -> str:
    return "".join(c + draw.choice(MARKS) * draw.randrange(3) for c in _piece(draw))


def _sprinkled(among: tuple[str, ...] | str, draw: random.Random) -> str:
    """Return a piece of a sentence with some of ``among`` between its characters."""
    return "".join(c + draw.choice(among) if draw.random() < 0.2 else c for c in _piece(draw)[:25])


_BETWEEN = (CONTROLS, EMOJI, SPACES + UNSEEN, FOLDED, TOKENS, STRANGE)
_KINDS: tuple[Callable[[random.Random], str], ...] = (
    _piece,
    _of_a_script,
    _mixed,
    _marked,
    *(partial(_sprinkled, among) for among in _BETWEEN),
)
