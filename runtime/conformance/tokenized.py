"""Texts, pairs and prompts, and what the package ``tokenizers`` makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pairs
from texts import SENTENCES, texts
from tokenizers import Tokenizer, processors

from edgeattn_runtime.processing import Text

RECORDED = Path(__file__).parent / "recorded" / "tokenizers"  # by record_texts.py

_BATCHES = (list(SENTENCES[:3]), list(SENTENCES[7:12]), ["one", "one"], ["", "two"], ["alone"], [])
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
    """Return the tokenizer of a bundle, as it cuts texts."""
    found = Tokenizer.from_file(str(_file(name)))
    if name in _POST_PROCESSORS:
        found.post_processor = _POST_PROCESSORS[name]
    text = pairs.TEXTS[name]
    if text.longest is not None:
        found.enable_truncation(text.longest, strategy=text.pair or "longest_first")
    return found


def content(name: str) -> bytes:
    """Return tokenizer.json of a bundle."""
    if name not in _POST_PROCESSORS:
        return _file(name).read_bytes()
    found = tokenizer(name)
    found.no_truncation()
    return found.to_str().encode()


def given() -> list[Any]:
    """Return odd texts, batches of some, and what is no text."""
    return [*texts(), *_BATCHES, *({"utf16": units} for units in _NO_TEXTS)]


def ids(name: str) -> list[Any]:
    """Return the token ids of each of ``given``; None where it is refused."""
    encoder = tokenizer(name)
    return [*_single(name), *(_rows(encoder, batch, name) for batch in _BATCHES), *[None] * len(_NO_TEXTS)]


def decoded(name: str) -> Iterator[tuple[list[int], str]]:
    """Yield rows of token ids with their texts, of which some begin or end within a character."""
    rows, decoder = [row for row in _single(name) if row], tokenizer(name)
    for tokens in [*rows[12:34], *rows[400:900:50], rows[-1]]:
        yield tokens, decoder.decode(tokens)


def tokens(name: str) -> list[Any]:
    """Return the token ids and type ids of each pair or prompt that a bundle is given; None where refused."""
    encoder = tokenizer(name)
    return [_tokens(encoder, pairs.BUNDLES[name], row) for row in pairs.given(name)]


def _file(name: str) -> Path:
    """Return the recorded tokenizer that the one of a bundle is made of."""
    return RECORDED / f"{'wordpiece' if name == 'prompts' else name.removeprefix('pairs-')}.json"


@cache
def _single(name: str) -> list[list[int] | None]:
    encoder = tokenizer(name)
    return [encoder.encode(text).ids or None for text in texts()]


def _rows(encoder: Tokenizer, batch: list[str], name: str) -> list[list[int]] | None:
    """Return the ids of each text; None without a text or an id, or where padding needs a mask."""
    rows = [encoder.encode(text).ids for text in batch]
    has_mask = pairs.TEXTS[name].mask is not None or len({len(row) for row in rows}) == 1
    return rows if rows and all(rows) and has_mask else None


def _tokens(encoder: Tokenizer, text: Text, row: Any) -> Any:
    if isinstance(row, list):
        rows = [_tokens(encoder, text, each) for each in row]
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
