"""Small tokenizers with the components that checkpoints have, and texts of rare scripts."""

# ruff: noqa: RUF001

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CLIP = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
DEEPSEEK = r"[一-龥\u3040-ゟ゠-ヿ]+"
BYTES = sorted(pre_tokenizers.ByteLevel.alphabet())
WORDS = [
    *(
        "the",
        "of",
        "and",
        "to",
        "in",
        "is",
        "it",
        "that",
        "was",
        "he",
        "for",
        "with",
        "as",
        "on",
        "have",
        "be",
    ),
    *("at", "one", "this", "you", "his", "from", "they", "not", "are", "ich", "und"),
]
LETTERS = [*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789.,!?'-_ éüßñçσςаяб漢字かなア한글▁", "##", "</w>"]


def tokenizer(kind: str) -> Tokenizer:
    """Return a tokenizer with the components of a kind of checkpoint."""
    return KINDS[kind]()


def texts(seed: int, count: int) -> list[str]:
    """Return texts of all kinds of characters, the same for a seed."""
    draw = random.Random(seed)
    return ["".join(_characters(draw)) for _ in range(count)]


def _characters(draw: random.Random) -> Iterator[str]:
    blocks = [draw.randrange(0x20, 0x2FFFF) for _ in range(draw.randrange(1, 4))]
    for _ in range(draw.randrange(1, 25)):
        choice = draw.random()
        if choice < 0.25:
            yield draw.choice(WORDS)
        elif choice < 0.4:
            yield draw.choice(LETTERS)
        elif choice < 0.55:
            yield draw.choice(" \t\n\r\u00a0\u2003\u3000  ")
        elif choice < 0.62:
            yield chr(
                draw.choice((0x300, 0x301, 0x327, 0x345, 0x323, 0x5B0, 0x93C, 0x94D, 0x200D, 0x200C, 0xFE0F))
            )
        elif choice < 0.67:
            yield draw.choice(
                ("<s>", "</s>", "[MASK]", "<|endoftext|>", "'s", "'LL", "n't", "Σ", "İ", "ſ", "K")
            )
        else:
            point = draw.choice(blocks) // 64 * 64 + draw.randrange(64)
            yield chr(point) if not 0xD800 <= point < 0xE000 else "x"


def _vocabulary(*more: str) -> dict[str, int]:
    tokens = dict.fromkeys([*more, *LETTERS, *WORDS, *(f"##{c}" for c in LETTERS if len(c) == 1)])
    return {token: i for i, token in enumerate(tokens)}


def _wordpiece(**options: Any) -> Tokenizer:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made = Tokenizer(models.WordPiece(_vocabulary(*special), unk_token="[UNK]", max_input_chars_per_word=20))
    made.normalizer = normalizers.BertNormalizer(**options)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.decoder = decoders.WordPiece()
    made.add_special_tokens([AddedToken(token, lstrip=token == "[MASK]") for token in special])
    return made


def _bytes(pre_tokenizer: pre_tokenizers.PreTokenizer, **options: Any) -> Tokenizer:
    """Return a byte-level BPE with the merges of common words."""
    vocabulary = {c: i for i, c in enumerate(BYTES)}
    merges = list[tuple[str, str]]()
    for word in (
        [f"Ġ{word}" for word in WORDS]
        + WORDS
        + ["ÃĹ", "à¤", "æ¼¢", "Ð°", "ĠĠĠĠ", "ĊĊ", "''", "'s", "12", "123"]
    ):
        made = word[0]
        for c in word[1:]:
            if c in vocabulary and made in vocabulary and made + c not in vocabulary:
                merges.append((made, c))
                vocabulary[made + c] = len(vocabulary)
            made += c
    made_of = Tokenizer(models.BPE(vocabulary, merges, **options))
    made_of.pre_tokenizer = pre_tokenizer
    made_of.decoder = decoders.ByteLevel()
    made_of.add_special_tokens(
        ["<s>", "</s>", AddedToken("[MASK]", lstrip=True, rstrip=True), "<|endoftext|>"]
    )
    made_of.add_tokens([AddedToken("it is", single_word=True), AddedToken("Büro", normalized=True)])
    return made_of


def _gpt2() -> Tokenizer:
    return _bytes(pre_tokenizers.ByteLevel(add_prefix_space=False))


def _roberta() -> Tokenizer:
    made = _bytes(pre_tokenizers.ByteLevel(add_prefix_space=True))
    made.post_processor = processors.RobertaProcessing(("</s>", 257), ("<s>", 256))
    return made


def _split(expression: str, behavior: str = "isolated", *, invert: bool = False) -> Tokenizer:
    steps = [
        pre_tokenizers.Split(Regex(expression), behavior, invert=invert),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
    made = _bytes(pre_tokenizers.Sequence(steps), ignore_merges=True)
    template = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 256)])
    made.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return made


def _qwen() -> Tokenizer:
    made = _split(LLAMA_3.replace("{1,3}", ""))
    made.normalizer = normalizers.NFC()
    return made


def _clip() -> Tokenizer:
    made = _split(CLIP, "removed", invert=True)
    made.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    return made


def _starcoder() -> Tokenizer:
    steps = [pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    return _bytes(pre_tokenizers.Sequence(steps))


def _falcon() -> Tokenizer:
    steps = [
        pre_tokenizers.Punctuation("contiguous"),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        pre_tokenizers.Digits(False),
        pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
    ]
    return _bytes(pre_tokenizers.Sequence(steps))


def _llama() -> Tokenizer:
    """Return a BPE of characters that falls back to bytes, with the normalizers and decoders of Llama 2."""
    special = ["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256))]
    vocabulary = _vocabulary(*special)
    merges = [("t", "h"), ("▁", "t"), ("i", "n"), ("o", "n"), ("▁", "a"), ("a", "n"), ("an", "d"), ("▁", "▁")]
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    made = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    made.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    made.add_special_tokens(["<unk>", "<s>", "</s>"])
    return made


def _gpt1() -> Tokenizer:
    """Return a BPE with a suffix at a word's end, that has a token for what is unknown."""
    vocabulary = _vocabulary("<unk>", *(f"{c}</w>" for c in LETTERS if len(c) == 1))
    merges = [("t", "h"), ("th", "e</w>"), ("i", "n</w>"), ("o", "n</w>"), ("a", "n")]
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    made = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", end_of_word_suffix="</w>"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.decoder = decoders.BPEDecoder()
    return made


def _unigram(**options: Any) -> Tokenizer:
    draw = random.Random(3)
    tokens = ["<unk>", "<s>", "</s>", "▁", *(f"<0x{i:02X}>" for i in range(256))]
    tokens += [
        t for t in [*LETTERS, *(f"▁{word}" for word in WORDS), *WORDS, "▁▁", "st", "in"] if t not in tokens
    ]
    scores = [(token, -draw.random() * 10) for token in tokens]
    made = Tokenizer(models.Unigram(scores, unk_id=0, **options))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.post_processor = processors.TemplateProcessing(single="$A </s>:1", special_tokens=[("</s>", 2)])
    made.add_special_tokens(["<unk>", "<s>", "</s>", AddedToken("[MASK]", lstrip=True)])
    return made


def _t5() -> Tokenizer:
    made = _unigram()
    steps = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    made.pre_tokenizer = pre_tokenizers.Sequence(steps)
    made.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    return made


def _albert() -> Tokenizer:
    made = _unigram()
    made.normalizer = normalizers.Sequence(
        [
            normalizers.Replace("``", '"'),
            normalizers.Replace("''", '"'),
            normalizers.NFKD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
            normalizers.Strip(),
        ]
    )
    return made


def _marian() -> Tokenizer:
    made = _unigram(byte_fallback=True)
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    made.normalizer = normalizers.NFD()
    return made


def _words() -> Tokenizer:
    made = Tokenizer(models.WordLevel(_vocabulary("[UNK]"), unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.CharDelimiterSplit("-"), pre_tokenizers.Whitespace(), pre_tokenizers.Digits(True)]
    )
    return made


def _merged(behavior: str) -> Tokenizer:
    made = _bytes(
        pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(r"[\s\p{P}]"), behavior), pre_tokenizers.ByteLevel(use_regex=False)]
        )
    )
    made.decoder = decoders.CTC(pad_token="Ġ", word_delimiter_token="a")
    return made


KINDS: dict[str, Callable[[], Tokenizer]] = {
    "BERT": _wordpiece,
    "BERT, cased": lambda: _wordpiece(lowercase=False),
    "BERT, uncleaned": lambda: _wordpiece(clean_text=False, handle_chinese_chars=False, strip_accents=False),
    "GPT": _gpt1,
    "GPT-2": _gpt2,
    "RoBERTa": _roberta,
    "Llama 2": _llama,
    "Llama 3": lambda: _split(LLAMA_3),
    "o200k": lambda: _split(O200K),
    "Qwen": _qwen,
    "CLIP": _clip,
    "StarCoder": _starcoder,
    "Falcon": _falcon,
    "DeepSeek": lambda: _split(DEEPSEEK),
    "T5": _t5,
    "ALBERT": _albert,
    "Marian": _marian,
    "words": _words,
    "merged with next": lambda: _merged("merged_with_next"),
    "merged with previous": lambda: _merged("merged_with_previous"),
    "contiguous": lambda: _merged("contiguous"),
}
