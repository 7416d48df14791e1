"""Records prepare/: a thousand odd texts, three small tokenizers, and the token ids that these give.

    python runtime/conformance/record_texts.py    # needs edgeattn[text]; then run make.py

Training breaks ties differently from run to run: a tokenizer is kept, and trained only where it is missing.
Their answers are those of the package `tokenizers`, which tokenizer.json belongs to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pairs
from texts import LONGEST, MASKLESS, SENTENCES, texts
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from edgeattn_runtime.processing import Text

ROOM = Path(__file__).parent / "prepare"
STORY = Path(__file__).parents[2] / "models" / "story" / "held_out.txt"  # 15,000 words of English

BATCHES = (list(SENTENCES[:3]), list(SENTENCES[7:12]), ["one", "one"], ["", "two"], ["alone"], [])
NO_TEXTS = ([0xD800], [0xDC00], [0x61, 0xD83D], [0xDE00, 0xD83D, 0x62])  # surrogates that stand alone

# As BERT, RoBERTa and T5 put two texts together.
POST_PROCESSORS = {
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


def main() -> None:
    """Write the texts, the tokenizers where they are missing, and the ids."""
    ROOM.mkdir(exist_ok=True)
    odd = texts()
    raw = [*odd, *BATCHES, *({"utf16": units} for units in NO_TEXTS)]
    _write("texts.json", map(json.dumps, raw))
    for name, longest in LONGEST.items():
        path = ROOM / f"{name}.tokenizer.json"
        if not path.exists():
            _trained(name).save(str(path), pretty=False)
        tokenizer = Tokenizer.from_file(str(path))
        if longest is not None:
            tokenizer.enable_truncation(longest)
        ids = [tokenizer.encode(text).ids or None for text in odd]
        rows = [_rows(tokenizer, batch, masked=name not in MASKLESS) for batch in BATCHES]
        _write(f"{name}.ids.json", map(_numbers, [*ids, *rows, *(None for _ in NO_TEXTS)]))
        _write(f"{name}.decoded.json", map(json.dumps, _decoded(tokenizer, [row for row in ids if row])))
    for name, post_processor in POST_PROCESSORS.items():
        tokenizer = Tokenizer.from_file(str(ROOM / f"{name.removeprefix('pairs-')}.tokenizer.json"))
        tokenizer.post_processor = post_processor
        tokenizer.save(str(ROOM / f"{name}.tokenizer.json"), pretty=False)
    for name, text in pairs.BUNDLES.items():
        rows = pairs.given(name)
        _write(f"{name}.given.json", map(json.dumps, rows))
        tokenizer = Tokenizer.from_file(str(ROOM / f"{pairs.tokenizer_of(name)}.tokenizer.json"))
        if text.longest is not None:
            tokenizer.enable_truncation(text.longest, strategy=text.pair or "longest_first")
        _write(f"{name}.tokens.json", (_numbers(_tokens(tokenizer, text, row)) for row in rows))


def _tokens(tokenizer: Tokenizer, text: Text, row: Any) -> Any:
    """Return the token ids and type ids of a text or a pair, or of each of a batch; None where refused."""
    if isinstance(row, list):
        rows = [_tokens(tokenizer, text, each) for each in row]
        return rows if rows and all(rows) else None
    prompt = row.get("prompt", text.default_prompt)
    if ("pair" in row) != (text.pair is not None) or (prompt and prompt not in text.prompts):
        return None
    texts = [text.prompts.get(prompt, "") + row["text"], *([row["pair"]] if text.pair else [])]
    try:
        encoding = tokenizer.encode(*texts)
    except Exception as error:  # its only class
        assert "too short" in str(error)  # noqa: PT017 - any other is a fault here
        return None
    return {"ids": encoding.ids, "types": encoding.type_ids} if encoding.ids else None


def _rows(tokenizer: Tokenizer, batch: list[str], *, masked: bool) -> list[list[int]] | None:
    """Return the ids of each text; None where there is none, or where padding would be needed and untold."""
    rows = [tokenizer.encode(text).ids for text in batch]
    has_mask = masked or len({len(row) for row in rows}) == 1
    return rows if rows and all(rows) and has_mask else None


def _decoded(tokenizer: Tokenizer, rows: list[list[int]]) -> Iterator[tuple[list[int], str]]:
    """Yield a few rows of token ids with their texts, of which some begin or end within a character."""
    for tokens in [*rows[12:34], *rows[400:900:50], rows[-1]]:
        yield tokens, tokenizer.decode(tokens)


def _trained(name: str) -> Tokenizer:
    return {"wordpiece": _wordpiece, "bytes": _bytes, "unigram": _unigram}[name]()


def _wordpiece() -> Tokenizer:
    """Return one as BERT has it, without case."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=900, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(_corpus(), trainer)
    ends = [(token, special.index(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return tokenizer


def _bytes() -> Tokenizer:
    """Return one of bytes, as GPT-2 has it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=700, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(_corpus(), trainer)
    return tokenizer


def _unigram() -> Tokenizer:
    """Return one of pieces with their odds, as T5 has it."""
    special = ["<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=800, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(_corpus(), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def _corpus() -> Iterator[str]:
    yield from STORY.read_text(encoding="utf-8").splitlines()
    for _ in range(5):
        yield from SENTENCES


def _numbers(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _write(file: str, lines: Iterable[str]) -> None:
    """Write a list of JSON, an item a line, in ASCII."""
    (ROOM / file).write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
