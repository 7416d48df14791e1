"""How bundles take texts, pairs of texts and prompts before texts, and the pairs that they are given."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from texts import SENTENCES, texts

from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing import Text

COUNT = 200  # pairs of odd texts
PROMPTS = {"query": "Find it:\n", "document": ""}

_IDS: dict[str, Any] = {"tokenizer": "tokenizer.json", "ids": "ids"}
_PAIR = {**_IDS, "mask": "shown", "types": "types"}
_SINGLE = {
    "wordpiece": Text(longest=24, mask="shown", types=None, **_IDS),
    "bytes": Text(longest=64, mask=None, types=None, **_IDS),
    "unigram": Text(longest=None, mask="shown", types=None, **_IDS),
}
BUNDLES = {
    "pairs-wordpiece": Text(longest=40, pair="longest_first", **_PAIR),
    "pairs-bytes": Text(longest=64, pair="only_second", **_PAIR),
    "pairs-unigram": Text(longest=None, pair="only_first", prompts=PROMPTS, default_prompt="query", **_PAIR),
    "prompts": Text(longest=24, prompts=PROMPTS, default_prompt="query", **_PAIR),
}
TEXTS = {**_SINGLE, **BUNDLES}


def inputs(text: Text) -> tuple[Tensor, ...]:
    """Return a graph's inputs of texts: ids, and a mask and types where it takes them."""
    names = (text.ids, text.mask, text.types)
    return tuple(Tensor(name, "int64", ("batch", "sequence")) for name in names if name)


def given(name: str) -> list[Any]:
    """Return what a bundle is given: pairs, or texts, and batches of them."""
    singles = name == "prompts"
    drawn = [dict(zip(("text", "pair"), pair, strict=True)) for pair in _pairs()]
    rows: list[Any] = [{"text": row["text"]} for row in drawn[::8]] if singles else drawn
    rows += [rows[-3:], [rows[5]], []]
    if BUNDLES[name].prompts:
        rows += [{**rows[i], "prompt": prompt} for i, prompt in enumerate(("query", "document", "", "other"))]
    else:
        rows.append({**rows[1], "prompt": "query"})
    rows.append({"text": "one text", "pair": "another"} if singles else {"text": "one text"})
    return rows


def _pairs() -> Iterator[tuple[str, str]]:
    draw = random.Random(37)
    odd = texts()
    yield from zip(SENTENCES, SENTENCES[3:] + SENTENCES[:3], strict=True)
    for _ in range(COUNT - len(SENTENCES)):
        yield draw.choice(odd), draw.choice(odd)
