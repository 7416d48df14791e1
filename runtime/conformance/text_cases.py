"""Cases of bundles that take texts, pairs or prompts; some are at a limit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import network
import numpy as np
import tokenized
from bundles import TABLE, described
from case import Case, Entry, Files, accepted, tensors
from preparation import Preparation
from processed import rows

from edgeattn_runtime.fields import Field
from edgeattn_runtime.limits import NORMALIZED, STEPPED, TEXT_BYTES
from edgeattn_runtime.processing import Processing

_NEEDS = {"needs": "tokenizer"}
(_WORDS,) = TABLE["words"]


def _replace(old: str, new: str) -> Entry:
    return {"type": "Replace", "pattern": {"String": old}, "content": new}


def _prepend(letters: int) -> Entry:
    return {"type": "Prepend", "prepend": letters * "b"}


_STRIP = {"type": "Strip", "strip_left": True, "strip_right": True}
_UNIGRAM = {"type": "Unigram", "unk_id": 0, "vocab": [["[UNK]", 0], ["a", -1], [257 * "a", -2]]}
_NORMALIZERS: dict[str, tuple[str, list[Entry], int]] = {  # with how many letters of a text still fit
    "growing": (
        "a tokenizer whose last step makes 3,072 bytes of one",
        [_replace("a", 32 * "a"), _prepend(31), {"type": "NFD"}],
        NORMALIZED // (32 * 32 * 3),
    ),
    "stepping": (
        "a tokenizer of 62 steps that each make 64 bytes of one",
        [_prepend(63), *[_STRIP] * 60],
        STEPPED // (62 * 64),  # the pre-tokenizer is a step too
    ),
}
_BEYOND_LIMITS: dict[str, tuple[str, Entry]] = {  # by parts of tokenizer.json
    "limit-growth": (
        "a tokenizer whose steps make 8,224 bytes of one, all together, which no text becomes",
        {"normalizer": {"type": "Sequence", "normalizers": [_replace("a", 32 * "a"), _prepend(127)]}},
    ),
    "limit-steps": (
        "a tokenizer of 66 steps, which no text becomes",
        {"normalizer": {"type": "Sequence", "normalizers": [_STRIP] * 65}},
    ),
    "limit-piece": ("a Unigram model with a token of 257 bytes", {"model": _UNIGRAM}),
    "limit-decoded": ("a decoder that makes 17 bytes of one", {"decoder": _replace("a", "a" * 17)}),
}


def cases() -> Iterator[Case]:
    """Yield bundles of recorded tokenizers."""
    given = tokenized.given()
    for row in rows("texts"):
        encoder = row.encoder
        ids = _prepared(
            "text", "texts", given, f"{row.bundle}.ids", tokenized.ids(encoder, row.processing.text)
        )
        decode = [{"tokens": tokens, "text": text, **_NEEDS} for tokens, text in tokenized.decoded(encoder)]
        yield row.case(prepare=[ids], decode=decode)
    for row in rows("pairs"):
        name, encoder, pairs = row.bundle, row.encoder, tokenized.given_pairs(row.processing.text)
        tokens = [tokenized.tokens(encoder, row.processing.text, each) for each in pairs]
        yield row.case(prepare=[_prepared("pair", f"{name}.given", pairs, f"{name}.tokens", tokens)])


def limits() -> Iterator[Case]:
    """Yield bundles of small tokenizers, of texts of one unknown word, and of those that no text becomes."""
    yield accepted(
        _WORDS["bundle"],
        _WORDS["why"],
        _with_tokenizer(),
        calls=network.calls((1, 4)),
        prepare=[_lengths("long", TEXT_BYTES + 1)],
        labels=_labelled(),
    )
    for name, (why, steps, most) in _NORMALIZERS.items():
        files = _with_tokenizer(normalizer={"type": "Sequence", "normalizers": steps})
        yield accepted(name, why, files, prepare=[_lengths(name, most + 1, most)])
    for name, (why, parts) in _BEYOND_LIMITS.items():
        yield accepted(name, why, _with_tokenizer(**parts))


def _prepared(of: str, given: str, raw: list[Any], expected: str, results: list[Any]) -> Preparation:
    return Preparation(of, given, raw, expected, results, needs="tokenizer")


def _lengths(name: str, beyond: int, *fitting: int) -> Preparation:
    """Return texts of so many letters, the last of which is refused."""
    texts = ["c" * length for length in (*fitting, beyond)]
    return _prepared("text", f"{name}.texts", texts, f"{name}.ids", [*([0] for _ in fitting), None])


def _with_tokenizer(**parts: Any) -> Files:
    """Return a bundle of texts and labels, with parts of its tokenizer.json in the place of its own."""
    tokenizer = json.dumps({**_WORDS["tokenizer"], **parts}) + "\n"
    processing = Processing.from_field(Field("processing", _WORDS["processing"]))
    return described({**network.good(), "tokenizer.json": tokenizer.encode()}, processing=processing)


def _labelled() -> list[Entry]:
    """Return outputs to be read by the labels."""
    rows = np.array([[0, 3, -1, 3, 0.5, -0.0, -7, 2], [1, 1, 1, 1, 1, 1, 1, 2]], np.float32)
    order = [[1, 3, 7, 4, 0, 5, 2, 6], [7, 0, 1, 2, 3, 4, 5, 6]]
    read = [[[f"axis {i}", float(row[i])] for i in places] for row, places in zip(rows, order, strict=True)]
    return [{"outputs": tensors({"embedding": rows}), "labels": read}]
