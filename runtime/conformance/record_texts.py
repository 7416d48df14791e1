"""Records prepare/: a thousand odd texts, three small tokenizers, and the token ids that these give.

    python runtime/conformance/record_texts.py    # needs edgeattn[text]; then run make.py

Training breaks ties differently from run to run: a tokenizer is kept, and trained only where it is missing.
Their answers are those of the package `tokenizers`, which tokenizer.json belongs to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from texts import LONGEST, MASKLESS, SENTENCES, texts
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOM = Path(__file__).parent / "prepare"
STORY = Path(__file__).parents[2] / "models" / "story" / "held_out.txt"  # 15,000 words of English

BATCHES = (list(SENTENCES[:3]), list(SENTENCES[7:12]), ["one", "one"], ["", "two"], ["alone"], [])
NO_TEXTS = ([0xD800], [0xDC00], [0x61, 0xD83D], [0xDE00, 0xD83D, 0x62])  # surrogates that stand alone


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
