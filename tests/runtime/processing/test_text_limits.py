"""What a text, or a tokenizer of a few kilobytes, must not cost."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from listing import relist
from tokenizers import Tokenizer
from tokenizers.models import Unigram, WordLevel
from tokenizers.normalizers import (
    NFC,
    NFD,
    NFKC,
    NFKD,
    BertNormalizer,
    ByteLevel,
    Lowercase,
    Normalizer,
    Precompiled,
)

from edgeattn_runtime import BundleError, InputError, load
from edgeattn_runtime.processing.growth import Growth, growth_of
from edgeattn_runtime.processing.tokenizer import check_pieces

WithSteps = Callable[..., Path]


def test_a_text_is_bounded(conformance: Path) -> None:
    model = load(conformance / "bytes.edge")
    with pytest.raises(InputError, match=r"text: 1,048,577 bytes found, at most 1,048,576"):
        model.prepare(text="a" * (2**20 + 1))


SEQUENCES = {"normalizer": "normalizers", "pre_tokenizer": "pretokenizers", "decoder": "decoders"}
REPLACE = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 2000}
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
CTC = {"type": "CTC", "pad_token": "[PAD]", "word_delimiter_token": "", "cleanup": True}


@pytest.fixture
def with_steps(copied: Callable[[str], Path]) -> WithSteps:
    """Returns a bundle whose tokenizer has steps, one after another."""

    def written(key: str, *steps: Any) -> Path:
        bundle = copied("processed")
        path = bundle / "tokenizer.json"
        table = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps({**table, key: {"type": "Sequence", SEQUENCES[key]: steps}}))
        return relist(bundle, path.name)

    return written


@pytest.mark.parametrize(
    ("key", "steps", "made"),
    [
        ("normalizer", [REPLACE] * 3, "16,004,002,000"),
        ("normalizer", [{**REPLACE, "pattern": {"Regex": "a*"}}] * 2, "8,010,003"),
        ("normalizer", [{"type": "Prepend", "prepend": "a" * 50_000}, REPLACE], "200,054,001"),
        ("normalizer", [{"type": "NFKD"}, REPLACE] * 2, "968,264,011"),
        ("normalizer", [{"type": "ByteLevel"}] * 40, "3,298,534,883,326"),
        ("pre_tokenizer", [BYTES] * 40, "3,298,534,883,326"),
    ],
)
def test_what_steps_make_of_one_is_bounded(
    key: str, steps: list[Any], made: str, with_steps: WithSteps
) -> None:
    model = load(with_steps(key, *steps))
    with pytest.raises(BundleError, match=f"steps make {made} bytes of one found, at most 8,192 expected"):
        model.prepare(text="cat")


def test_what_each_step_makes_of_a_text_counts(with_steps: WithSteps) -> None:
    eight = {"type": "Prepend", "prepend": 7 * "a"}
    nothing = {"type": "Replace", "pattern": {"Regex": ""}, "content": ""}  # the time of all that it reads
    model = load(with_steps("normalizer", eight, *[nothing] * 62))  # and a pre-tokenizer: 64 times 8
    with pytest.raises(InputError, match=r"65,537 bytes found, at most 65,536 expected .* make 512 of one"):
        model.prepare(text="a" * 2**16 + "a")


@pytest.mark.parametrize(
    ("step", "made"), [(REPLACE, "2,000"), ({"type": "BPEDecoder", "suffix": ""}, "inf"), (CTC, "inf")]
)
def test_what_a_decoder_makes_of_tokens_is_bounded(step: Any, made: str, with_steps: WithSteps) -> None:
    model = load(with_steps("decoder", step))
    with pytest.raises(BundleError, match=rf"{made} bytes of one found, at most 16"):
        model.decode([0])


STRIP = {"type": "Strip", "strip_left": True, "strip_right": True}


def test_a_tokenizer_has_many_steps(with_steps: WithSteps) -> None:
    model = load(with_steps("normalizer", *[STRIP] * 63))  # and a pre-tokenizer
    assert model.prepare(text="cat")["tokens"].tolist() == [[3]]


def test_the_steps_of_a_tokenizer_are_bounded(with_steps: WithSteps) -> None:
    model = load(with_steps("normalizer", *[STRIP] * 64))
    with pytest.raises(BundleError, match="65 steps found, at most 64 expected"):
        model.prepare(text="cat")


def _unigram(token: str) -> Tokenizer:
    return Tokenizer(Unigram([("[UNK]", 0.0), (token, -1.0)], 0))


def _added(token: str) -> Tokenizer:
    made = Tokenizer(WordLevel({}, "a"))
    made.add_tokens([token])
    return made


@pytest.mark.parametrize("made", [_unigram, _added])
def test_a_token_is_bounded(made: Callable[[str], Tokenizer]) -> None:
    check_pieces("x", made("é" * 128))
    with pytest.raises(BundleError, match="x: a token of 257 bytes found, at most 256 expected"):
        check_pieces("x", made("é" * 128 + "a"))


def test_a_map_of_characters_is_bounded_by_its_longest_text() -> None:
    made = Tokenizer(WordLevel({}, "a"))
    # A trie of one unit, then texts.
    trie = struct.pack("<2I", 4, 0)
    made.normalizer = Precompiled(trie + b"bc\0" + "é".encode() * 50 + b"\0")
    assert growth_of(made) == Growth(100, 100)


@pytest.mark.parametrize(
    ("form", "most"),
    [
        (NFC(), 3),
        (NFD(), 3),
        (NFKC(), 11),
        (NFKD(), 11),
        (BertNormalizer(), 3),
        (Lowercase(), 1.5),
        (ByteLevel(), 2),
    ],
)
def test_a_form_makes_no_more_bytes_than_is_said(form: Normalizer, most: float) -> None:
    made = Tokenizer(WordLevel({}, "a"))
    made.normalizer = form
    assert growth_of(made) == Growth(most, most)
    changed = [c for c in map(chr, range(0x110000)) if normalize("NFKD", c) != c or c.lower() != c] + ["é"]
    whole = [c for c in changed if not "\ud800" <= c <= "\udfff"]
    assert max(len(form.normalize_str(c).encode()) / len(c.encode()) for c in whole) == most
