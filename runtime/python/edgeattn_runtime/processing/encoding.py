"""A text, or a pair of them, as tokens, and where each of these lies in its text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.limits import TEXT_BYTES
from edgeattn_runtime.processing.growth import Growth
from edgeattn_runtime.processing.pair_template import PairTemplate, kept
from edgeattn_runtime.processing.words import is_blank

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

_BLANKS = "\u2581\u0120"  # Metaspace's, and ByteLevel's
_NOWHERE = (0, 0)  # an empty range


@dataclass(frozen=True, slots=True)
class OpenTokenizer:
    """A tokenizer, and what it makes of texts.

    It cuts a single text, and pads nothing. Of a pair, which has a template, ``room`` is how many tokens both
    texts have together, None any number, and ``truncation`` which of them is cut.
    """

    tokenizer: Tokenizer
    growth: Growth
    template: PairTemplate | None = None
    room: int | None = None
    truncation: str = "longest_first"


class Span(NamedTuple):
    """Where a token lies.

    Attributes:
        text: 0 for the first text of a pair, or a single one, 1 for the second.
        begin: Its first character there.
        end: The one behind its last.
    """

    text: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tokens, special ones included.

    Attributes:
        ids: Token ids.
        types: Type ids, as many.
        is_cut: Whether tokens are left out at the end of a text.
        texts: What was encoded, one or two.
        places: By token the text it is of, None for a special one, and where it lies there; a blank nowhere.
    """

    ids: list[int]
    types: list[int]
    is_cut: bool
    texts: tuple[str, ...]
    places: list[tuple[int | None, tuple[int, int]]] = field(repr=False)

    def spans(self) -> list[Span | None]:
        """Return the span of each token; None for a special one, and for one of only blanks.

        Blanks at its ends are left out, and a character keeps the marks behind it.
        """
        return [_span(self.texts, *place) for place in self.places]


def encode(tokenizer: OpenTokenizer, text: object, pair: object = None) -> Encoded:
    """Return the tokens of a text, or of a pair where the bundle takes pairs.

    Raises:
        InputError: One is no text, no valid Unicode or too long, has what the vocabulary lacks, or cannot be
            cut; or there is no token.
    """
    first = _checked("text", tokenizer, text)
    if tokenizer.template is None:
        found = _single(_tokens("text", tokenizer, first, special=True), first)
    else:
        found = _pair(tokenizer, tokenizer.template, first, _checked("pair", tokenizer, pair))
    if not found.ids:
        raise InputError(f"text: {first[:40]!r} gives no token, at least one expected; give another")
    return found


def _single(tokens: Encoding, text: str) -> Encoded:
    places = list(zip(tokens.sequence_ids, _without_blanks(tokens.tokens, tokens.offsets), strict=True))
    return Encoded(tokens.ids, tokens.type_ids, bool(tokens.overflowing), (text,), places)


def _pair(tokenizer: OpenTokenizer, template: PairTemplate, first: str, second: str) -> Encoded:
    """Put two texts together. The library would keep all that it cuts, each part with each of the other."""
    tokens = [
        _tokens(name, tokenizer, text, special=False) for name, text in (("text", first), ("pair", second))
    ]
    sizes = len(tokens[0].ids), len(tokens[1].ids)
    counts = sizes
    if tokenizer.room is not None:
        counts = kept(*sizes, room=tokenizer.room, truncation=tokenizer.truncation)
    rows = [
        (each.ids[:count], _without_blanks(each.tokens[:count], each.offsets))
        for each, count in zip(tokens, counts, strict=True)
    ]
    ids, types, places = list[int](), list[int](), list[tuple[int | None, tuple[int, int]]]()
    for part in template.parts:
        numbers, ranges = ([part.id], [_NOWHERE]) if part.text is None else rows[part.text]
        ids += numbers
        types += [part.type] * len(numbers)
        places += [(part.text, each) for each in ranges]
    return Encoded(ids, types, counts != sizes, (first, second), places)


def _tokens(name: str, tokenizer: OpenTokenizer, text: str, *, special: bool) -> Encoding:
    # Such as a word that is unknown to a vocabulary without an unknown token.
    with refusing(InputError, name, f"{text[:40]!r} cannot be tokenized", "give another"):
        return tokenizer.tokenizer.encode(text, add_special_tokens=special)


def _checked(name: str, tokenizer: OpenTokenizer, text: object) -> str:
    if not isinstance(text, str):
        raise InputError(f"{name}: {type(text).__name__} found, a str expected")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise InputError(
            f"{name}: a lone surrogate found at {error.start}, valid Unicode expected; decode it anew"
        ) from error
    if size > TEXT_BYTES:
        raise InputError(f"{name}: {size:,} bytes found, at most {TEXT_BYTES:,} expected; give a part of it")
    longest = tokenizer.growth.longest()
    if size > longest:
        raise InputError(
            f"{name}: {size:,} bytes found, at most {longest:,} expected by a tokenizer whose steps make "
            f"{tokenizer.growth.all:,.0f} of one; give a part of it, or export again"
        )
    return text


def _without_blanks(tokens: Sequence[str], offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return where tokens lie; a blank, as one that a step has put before a word, lies nowhere."""
    pairs = zip(tokens, offsets, strict=False)
    return [place if token.strip(_BLANKS) else _NOWHERE for token, place in pairs]


def _span(texts: Sequence[str], which: int | None, place: tuple[int, int]) -> Span | None:
    if which is None:
        return None
    begin, end = _trimmed(texts[which], *place)
    return Span(which, begin, end) if begin < end else None


def _trimmed(text: str, begin: int, end: int) -> tuple[int, int]:
    """Return a span without blanks at its ends, that parts no character from its marks."""
    begin, end = _stripped(text, begin, end)
    while 0 < begin < end and _is_mark(text[begin]):
        begin -= 1
    while begin < end < len(text) and _is_mark(text[end]):
        end += 1
    return _stripped(text, begin, end)


def _stripped(text: str, begin: int, end: int) -> tuple[int, int]:
    while begin < end and is_blank(text[begin]):
        begin += 1
    while begin < end and is_blank(text[end - 1]):
        end -= 1
    return begin, end


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"
