"""How much longer the steps of a tokenizer make a text, by what its file says of them."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from edgeattn_runtime.limits import NORMALIZED, STEPPED

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.decoders import Decoder
    from tokenizers.normalizers import Normalizer
    from tokenizers.pre_tokenizers import PreTokenizer

_FORMS: Final = {  # bytes of one at most, in UTF-8
    **dict.fromkeys(("NFC", "NFD", "BertNormalizer"), 3),  # of U+1D1C0, three signs of music
    **dict.fromkeys(("NFKC", "NFKD"), 11),  # of U+FDFA, four words
    "Lowercase": 1.5,  # of U+023E
    "ByteLevel": 2,
}


class Growth(NamedTuple):
    """How many bytes steps make of one at most.

    Attributes:
        last: By the last of them, which takes memory.
        all: By all together, which takes time.
    """

    last: float
    all: float

    def longest(self) -> int:
        """Return the bytes of the longest text that may go through them."""
        return int(min(NORMALIZED / self.last, STEPPED / self.all))


def growth_of(tokenizer: Tokenizer) -> Growth:
    """Return what is made of one byte at most before a text is cut into tokens.

    Each step works on what the one before it made, so that they multiply.
    """
    steps = (*_steps(tokenizer.normalizer), *_steps(tokenizer.pre_tokenizer))
    factors = (_FORMS.get(step["type"], 1) * _growth(step) for step in steps)
    made = list(accumulate(factors, lambda before, factor: before * factor)) or [1.0]
    return Growth(made[-1], sum(made))


def decoded_growth_of(tokenizer: Tokenizer) -> float:
    """Return how many bytes are made of one at most when tokens become text."""
    return math.prod(map(_growth, _steps(tokenizer.decoder)))


def count_steps(tokenizer: Tokenizer) -> int:
    """Return how many steps there are, those of sequences one by one."""
    parts = (tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder)
    return sum(1 for part in parts for _ in _steps(part))


def _steps(part: Normalizer | PreTokenizer | Decoder | None) -> Iterator[Mapping[str, Any]]:
    if part is not None:
        yield from _leaves(json.loads(part.__getstate__()))


def _leaves(table: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if table["type"] != "Sequence":
        yield table
        return
    for key in ("normalizers", "pretokenizers", "decoders"):
        for step in table.get(key, ()):
            yield from _leaves(step)


def _growth(step: Mapping[str, Any]) -> float:
    match step:
        case {"type": "Replace", "pattern": {"String": str(replaced)}, "content": content} if replaced:
            return max(1.0, _size(content) / _size(replaced))
        case {"type": "Replace", "content": content}:
            return 1.0 + _size(content)  # an expression may match nothing
        case {"type": "Prepend", "prepend": prefix}:
            return 1.0 + _size(prefix)
        case {"type": "Precompiled", "precompiled_charsmap": str(charsmap)}:
            return max(1.0, _longest_text(base64.b64decode(charsmap)))
        case {"type": "BPEDecoder", "suffix": ""} | {"type": "CTC", "word_delimiter_token": ""}:
            return math.inf  # a blank between any two characters, again and again
    return 1.0


def _longest_text(charsmap: bytes) -> int:
    """Return the bytes of a map's longest text: texts that end with 0 follow a trie and its size."""
    texts = charsmap[4 + int.from_bytes(charsmap[:4], "little") :]
    return max(map(len, texts.split(b"\0")))


def _size(text: str) -> int:
    return len(text.encode())
