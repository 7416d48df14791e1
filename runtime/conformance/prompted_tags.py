"""A bundle that tags the words of texts behind a prompt, and these tags: the specification in loops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pairs
import tokenized
from case import REFUSED, Case, Entry, accepted, tensors
from edits import edited
from predicted import scored
from token_predictions import TAGGED, tagger
from tokenizers import Encoding

_TOKENIZER = "bytes"
_PROMPT = pairs.PROMPTS["query"]
_LABELS = TAGGED[_TOKENIZER][1]
_TEXTS = ("Emma sat on the mat", "  a  naïve house ", "a " * 80 + "end", "")


def cases() -> Iterator[Case]:
    """Yield the case."""
    text = replace(pairs.TEXTS[_TOKENIZER], prompts=pairs.PROMPTS, default_prompt="query")
    files = edited(tagger(_TOKENIZER), set={"processing text": text.to_table()})
    why = "tokens to be read as tags of words behind a prompt, by a bytes tokenizer"
    yield accepted("tags-prompt", why, files, predictions=_entries())


def _entries() -> list[Entry]:
    """Return numbers of tokens to be read as tags of words, and fewer than texts have with their prompts."""
    tokenizer = tokenized.tokenizer(_TOKENIZER)
    encoded = [tokenizer.encode(_PROMPT + text) for text in _TEXTS]
    longest = max(len(row.ids) for row in encoded)
    draw = np.random.default_rng(41)
    logits = draw.integers(-2, 3, (len(_TEXTS), longest, len(_LABELS))).astype(np.float32)  # some are equal
    given = {"texts": [*_TEXTS], "needs": "tokenizer"}
    words = [[*_words(*row)] for row in zip(encoded, logits.tolist(), _TEXTS, strict=True)]
    return [
        {"outputs": tensors({"logits": logits}), **given, "predictions": words},
        {"outputs": tensors({"logits": logits[:, : longest - 1]}), **given, **REFUSED},
    ]


def _words(row: Encoding, values: list[list[float]], text: str) -> Iterator[Entry]:
    """Yield each word with its label, by where the tokenizer says that its first token lies."""
    for word in re.finditer(r"\S+", text):
        begin, end = (len(_PROMPT) + place for place in word.span())
        own = (i for i, part in enumerate(row.sequence_ids) if part == 0)
        first = next((i for i in own if row.offsets[i][0] < end and row.offsets[i][1] > begin), None)
        if first is not None:
            numbers = values[first]
            place = max(range(len(numbers)), key=numbers.__getitem__)
            yield {"label": _LABELS[place], "score": scored("softmax", numbers)[place], "text": word[0]}
