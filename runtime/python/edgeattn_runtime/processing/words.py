"""The words of a text, and where each begins among its tokens."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from edgeattn_runtime.errors import InputError

_IDEOGRAPHS = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]")
_SEPARATORS = "\x1c\x1d\x1e\x1f"  # blanks to Python, and not to Unicode


@dataclass(frozen=True, slots=True)
class Word:
    """A word.

    Attributes:
        begin: Its first character in the text.
        end: The one behind its last.
        token: The place of its first token in the row of token ids.
    """

    begin: int
    end: int
    token: int


@dataclass(frozen=True, slots=True)
class Worded:
    """A text, its words, and how many tokens its row has, special ones included."""

    text: str
    words: Sequence[Word]
    tokens: int

    def behind(self, begin: int) -> Worded:
        """Return the words from a character on: of one that it lies in, the part from there."""
        words = [replace(word, begin=max(word.begin, begin)) for word in self.words if word.end > begin]
        return replace(self, words=words)


def words_of(
    text: str, tokens: Sequence[int], before: int, ids_of: Callable[[str], Sequence[int]]
) -> list[Word]:
    """Return the words of a text that have a token, in order.

    A word is a run of characters between blanks, or between spaces where the tokenizer takes other blanks for
    characters; a punctuation mark and an ideograph are words of their own, where it parts them too.
    ``tokens`` are the text's own, behind ``before`` special ones.

    Raises:
        InputError: A token reaches beyond a run.
    """
    for between in (is_blank, _is_space):
        words, joined = list[Word](), list[int]()
        for run in _runs(text, between):
            for begin, end, ids in _pieces(text, run, ids_of):
                if ids and begin < end and len(joined) < len(tokens):
                    words.append(Word(begin, end, before + len(joined)))
                joined += ids
        if joined[: len(tokens)] == [*tokens]:
            return words
    raise InputError(f"text: tokens of {text[:40]!r} reach beyond words; read the outputs themselves")


def _runs(text: str, is_blank: Callable[[str], bool]) -> Iterator[tuple[int, int, int]]:
    """Yield where the blanks before a run of other characters begin, the run, and where it ends."""
    start = 0
    while start < len(text):
        begin = next((i for i in range(start, len(text)) if not is_blank(text[i])), len(text))
        end = next((i for i in range(begin, len(text)) if is_blank(text[i])), len(text))
        yield start, begin, end
        start = end


def _pieces(
    text: str, run: tuple[int, int, int], ids_of: Callable[[str], Sequence[int]]
) -> list[tuple[int, int, Sequence[int]]]:
    """Return the words of a run with their tokens: the most that have the run's own tokens together."""
    start, begin, end = run
    last = max(start, begin - 1)  # the blank that many tokenizers have a word begin with
    single = [i for i in range(begin, end) if _is_word(text[i])]
    edges = {*single, *(i + 1 for i in single)} - {begin}
    whole = [*ids_of(text[start:end])]
    for cuts in ({last, begin, *edges}, {last, *edges}, {last}):
        places = sorted({start, end, *cuts})
        pieces = [(max(a, begin), b, ids_of(text[a:b])) for a, b in pairwise(places)]
        if [token for _, _, ids in pieces for token in ids] == whole:
            return pieces
    return [(begin, end, whole)]


def _is_word(character: str) -> bool:
    return (
        character in string.punctuation
        or unicodedata.category(character)[0] == "P"
        or _IDEOGRAPHS.match(character) is not None
    )


def is_blank(character: str) -> bool:
    """Say whether Unicode takes a character for a blank."""
    return character.isspace() and character not in _SEPARATORS


def _is_space(character: str) -> bool:
    return character == " "
