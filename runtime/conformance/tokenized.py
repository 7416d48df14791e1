"""Texts, pairs and prompts, and what the package ``tokenizers`` makes of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from texts import SENTENCES, texts
from tokenizers import Tokenizer, processors

from edgeattn_runtime.processing import Text

RECORDED = Path(__file__).parent / "recorded" / "tokenizers"  # trained once: ties break otherwise each time

_PAIRS = 200  # of odd texts
_BATCHES: tuple[list[str], ...] = (
    list(SENTENCES[:3]),
    list(SENTENCES[7:12]),
    ["one", "one"],
    ["", "two"],
    ["alone"],
    [],
)
_NO_TEXTS = ([0xD800], [0xDC00], [0x61, 0xD83D], [0xDE00, 0xD83D, 0x62])  # lone surrogates
_POST_PROCESSORS = {  # as BERT, RoBERTa and T5 put two texts together
    "pairs-wordpiece": processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    ),
    "pairs-bytes": processors.RobertaProcessing(("c", 66), ("b", 65)),
    "pairs-unigram": processors.Sequence(
        [
            processors.ByteLevel(),
            processors.TemplateProcessing(
                single="$A </s>",
                pair="$A:0 </s>:0 $B:1 </s>:1 <pad>:2",
                special_tokens=[("</s>", 1), ("<pad>", 0)],
            ),
        ]
    ),
}


def tokenizer(name: str) -> Tokenizer:
    """Return a tokenizer that cuts no text."""
    found = Tokenizer.from_file(str(RECORDED / f"{name.removeprefix('pairs-')}.json"))
    if name in _POST_PROCESSORS:
        found.post_processor = _POST_PROCESSORS[name]
    return found


def content(name: str) -> bytes:
    """Return its tokenizer.json."""
    if name in _POST_PROCESSORS:
        return tokenizer(name).to_str().encode()
    return (RECORDED / f"{name}.json").read_bytes()


def cutting(name: str, text: Text) -> Tokenizer:
    """Return a tokenizer that cuts texts as a bundle does."""
    found = tokenizer(name)
    if text.longest is not None:
        found.enable_truncation(text.longest, strategy=text.pair or "longest_first")
    return found


def given() -> list[Any]:
    """Return odd texts, batches of some, and what is no text."""
    return [*texts(), *_BATCHES, *({"utf16": units} for units in _NO_TEXTS)]


def ids(encoder: Tokenizer, text: Text) -> list[Any]:
    """Return the token ids of each of ``given``; None where it is refused."""
    batches = (_rows(encoder, batch, text) for batch in _BATCHES)
    return [*_single(encoder), *batches, *[None] * len(_NO_TEXTS)]


def decoded(encoder: Tokenizer) -> Iterator[tuple[list[int], str]]:
    """Yield rows of token ids with their texts, of which some begin or end within a character."""
    rows = [row for row in _single(encoder) if row]
    for tokens in [*rows[12:34], *rows[400:900:50], rows[-1]]:
        yield tokens, encoder.decode(tokens)


def given_pairs(text: Text) -> list[Any]:
    """Return pairs, or texts where a bundle takes no pairs, and batches of them."""
    draw, odd = random.Random(37), texts()
    drawn = [*zip(SENTENCES, SENTENCES[3:] + SENTENCES[:3], strict=True)]
    drawn += [(draw.choice(odd), draw.choice(odd)) for _ in range(_PAIRS - len(SENTENCES))]
    rows: list[Any] = [{"text": first, "pair": second} for first, second in drawn]
    if text.pair is None:
        rows = [{"text": row["text"]} for row in rows[::8]]
    rows += [rows[-3:], [rows[5]], []]
    if text.prompts:
        rows += [{**rows[i], "prompt": prompt} for i, prompt in enumerate(("query", "document", "", "other"))]
    else:
        rows.append({**rows[1], "prompt": "query"})
    rows.append({"text": "one text", "pair": "another"} if text.pair is None else {"text": "one text"})
    return rows


def tokens(encoder: Tokenizer, text: Text, row: Any) -> Any:
    """Return the token ids and type ids of a pair, a prompt before a text, or a batch; None where refused."""
    if isinstance(row, list):
        rows = [tokens(encoder, text, each) for each in row]
        return rows if rows and all(rows) else None
    prompt = row.get("prompt", text.default_prompt)
    if ("pair" in row) != (text.pair is not None) or (prompt and prompt not in text.prompts):
        return None
    parts = [text.prompts.get(prompt, "") + row["text"], *([row["pair"]] if text.pair else [])]
    try:
        encoding = encoder.encode(*parts)
    except Exception as error:  # its only class
        assert "too short" in str(error)  # noqa: PT017 - any other is a fault here
        return None
    return {"ids": encoding.ids, "types": encoding.type_ids} if encoding.ids else None


def _single(encoder: Tokenizer) -> list[list[int] | None]:
    return [encoder.encode(text).ids or None for text in texts()]


def _rows(encoder: Tokenizer, batch: list[str], text: Text) -> list[list[int]] | None:
    """Return the ids of each text; None without a text or an id, or where padding needs a mask."""
    rows = [encoder.encode(each).ids for each in batch]
    fits = text.mask is not None or len({len(row) for row in rows}) == 1
    return rows if rows and all(rows) and fits else None
