"""Records three small tokenizers, trained where they are missing.

    python runtime/conformance/record_texts.py    # needs edgeattn[text]; then make.py --record

Training breaks ties differently from run to run: a tokenizer is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from texts import SENTENCES
from tokenized import RECORDED
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

STORY = Path(__file__).parents[2] / "models" / "story" / "held_out.txt"  # 15,000 words of English


def main() -> None:
    """Write the tokenizers that are missing."""
    for name, train in {"wordpiece": _wordpiece, "bytes": _bytes, "unigram": _unigram}.items():
        path = RECORDED / f"{name}.json"
        if not path.exists():
            train().save(str(path), pretty=False)


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


if __name__ == "__main__":
    main()
