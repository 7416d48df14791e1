"""A bundle that tags the words of texts behind a prompt, and these tags: the specification in loops."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pairs
import predicted
import tokenized
from breaking import Make, changed
from calls import tensors
from texts import LONGEST
from tokenizers import Encoding

from edgeattn_runtime.processing import Text

Entry = dict[str, Any]

_TOKENIZER = "bytes"
_PROMPT = pairs.PROMPTS["query"]
_LABELS = predicted.TAGGED[_TOKENIZER][1]
_TEXTS = ("Emma sat on the mat", "  a  naïve house ", "a " * 80 + "end", "")
_REFUSED = {"error": "InputError"}


def bundle() -> Make:
    """Return what writes a bundle that tags each token by its id, and puts a prompt before a text."""
    text = Text(
        tokenizer="tokenizer.json",
        ids="ids",
        mask=None,
        types=None,
        longest=LONGEST[_TOKENIZER],
        prompts=pairs.PROMPTS,
        default_prompt="query",
    )
    return changed("processing", "text", to=text.to_table(), whole=predicted.tagger(_TOKENIZER))


def entries() -> list[Entry]:
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
        {"outputs": tensors({"logits": logits[:, : longest - 1]}), **given, **_REFUSED},
    ]


def _words(row: Encoding, values: list[list[float]], text: str) -> Iterator[dict[str, Any]]:
    """Yield each word with its label, by where the tokenizer says that its first token lies."""
    for word in re.finditer(r"\S+", text):
        begin, end = (len(_PROMPT) + place for place in word.span())
        own = (i for i, part in enumerate(row.sequence_ids) if part == 0)
        first = next((i for i in own if row.offsets[i][0] < end and row.offsets[i][1] > begin), None)
        if first is not None:
            numbers = values[first]
            place = max(range(len(numbers)), key=numbers.__getitem__)
            whole = sum(math.exp(number) for number in numbers)
            yield {"label": _LABELS[place], "score": math.exp(numbers[place]) / whole, "text": word[0]}
