"""Cases of bundles that take texts, pairs or prompts; some are at a limit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import network
import numpy as np
import pairs
import tiny
import tokenized
from bundles import adding, described
from case import REFUSED, Case, Entry, Files, accepted, refused, tensors
from preparation import Preparation

from edgeattn_runtime.limits import NORMALIZED, STEPPED, TEXT_BYTES
from edgeattn_runtime.processing import Labels, Processing, Text

_TEXTS = {
    "wordpiece": "texts by a WordPiece tokenizer, cut at 24 tokens",
    "bytes": "texts by a byte-level BPE tokenizer, cut at 64 tokens, without a mask",
    "unigram": "texts by a Unigram tokenizer, never cut",
}
_PAIRS = {
    "pairs-wordpiece": "pairs of texts with types, the longer of which is cut",
    "pairs-bytes": "pairs of texts with a doubled mark between them, the second of which is cut",
    "pairs-unigram": "pairs of texts that are never cut, with a prompt before the first",
    "prompts": "texts with a prompt before them",
}
_NEEDS = {"needs": "tokenizer"}


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
    for name, why in _TEXTS.items():
        ids = _prepared("text", "texts", tokenized.given(), f"{name}.ids", tokenized.ids(name))
        decode = [{"tokens": row, "text": text, **_NEEDS} for row, text in tokenized.decoded(name)]
        yield accepted(name, why, _bundle(name), prepare=[ids], decode=decode)
    for name, why in _PAIRS.items():
        given, tokens = pairs.given(name), tokenized.tokens(name)
        prepare = [_prepared("pair", f"{name}.given", given, f"{name}.tokens", tokens)]
        yield accepted(name, why, _bundle(name), prepare=prepare)


def limits() -> Iterator[Case]:
    """Yield bundles of small tokenizers, of texts of one unknown word, and of those that no text becomes."""
    ids, shown = np.array([[1, 2, 3]]), np.ones((1, 3), np.float32)
    yield accepted(
        "processed",
        "a tokenizer, and labels",
        _with_tokenizer(),
        calls=[*network.calls((1, 4)), *(refused(tokens=ids - lower, mask=shown) for lower in (2, 99))],
        prepare=[_lengths("long", TEXT_BYTES + 1)],
        labels=_labelled(),
    )
    for name, (why, steps, most) in _NORMALIZERS.items():
        files = _with_tokenizer(normalizer={"type": "Sequence", "normalizers": steps})
        yield accepted(name, why, files, prepare=[_lengths(name, most + 1, most)])
    none = {"tokens": [1], "error": "BundleError", **_NEEDS}
    for name, (why, parts) in _BEYOND_LIMITS.items():
        yield accepted(name, why, _with_tokenizer(**parts), decode=[none])


def _prepared(of: str, given: str, raw: list[Any], expected: str, results: list[Any]) -> Preparation:
    return Preparation(of, given, raw, expected, results, needs="tokenizer")


def _lengths(name: str, beyond: int, *fitting: int) -> Preparation:
    """Return texts of so many letters, the last of which is refused."""
    texts = ["c" * length for length in (*fitting, beyond)]
    return _prepared("text", f"{name}.texts", texts, f"{name}.ids", [*([0] for _ in fitting), None])


def _bundle(name: str) -> Files:
    text = pairs.TEXTS[name]
    files = {"tokenizer.json": tokenized.content(name)}
    return adding(pairs.inputs(text), Processing(text=text), files=files)


def _with_tokenizer(**parts: Any) -> Files:
    """Return a bundle of texts and labels, with parts of its tokenizer.json in the place of its own."""
    words = ["[UNK]", "a", "the", "cat", "dog", "mat", "sat", "ran", "is", "on", "in", "and", "big", "red"]
    tokenizer = {
        "version": "1.0",
        **dict.fromkeys(("truncation", "padding", "post_processor", "decoder")),
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {
            "type": "WordLevel",
            "vocab": {word: i for i, word in enumerate(words)},
            "unk_token": words[0],
        },
        **parts,
    }
    text = Text(tokenizer="tokenizer.json", ids="tokens", mask="mask", types=None, longest=tiny.LONGEST)
    labels = Labels(output="embedding", names=tuple(f"axis {i}" for i in range(tiny.WIDTH)))
    files = {**network.good(), "tokenizer.json": (json.dumps(tokenizer) + "\n").encode()}
    return described(files, processing=Processing(text=text, labels=labels))


def _labelled() -> list[Entry]:
    """Return outputs to be read by the labels, and some that are refused."""
    rows = np.array([[0, 3, -1, 3, 0.5, -0.0, -7, 2], [1, 1, 1, 1, 1, 1, 1, 2]], np.float32)
    order = [[1, 3, 7, 4, 0, 5, 2, 6], [7, 0, 1, 2, 3, 4, 5, 6]]
    read = [[[f"axis {i}", float(row[i])] for i in places] for row, places in zip(rows, order, strict=True)]
    spoiled = np.where(rows == 2, np.float32("nan"), rows)
    broken = ({"embedding": spoiled}, {"logits": rows}, {"embedding": rows[:, :7]})
    return [
        {"outputs": tensors({"embedding": rows}), "labels": read},
        *({"outputs": tensors(each), **REFUSED} for each in broken),
    ]
