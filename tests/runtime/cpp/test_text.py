"""Texts to token ids and back in C++, held against the library `tokenizers`."""

# ruff: noqa: E402

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

tokenizers = pytest.importorskip("tokenizers", "0.23", reason="unicode_tables.inc is of tokenizers 0.23")

from texts import SENTENCES
from tokenizers import Tokenizer, models, normalizers
from tokenizers_of_checkpoints import KINDS, texts, tokenizer

from edgeattn_runtime.processing.encoding import OpenTokenizer, encode
from edgeattn_runtime.processing.growth import Growth

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"


def ask(program: Path, file: Path, lines: Sequence[Any], *options: str) -> list[dict[str, Any]]:
    """Return what the program answers to texts and token ids."""
    given = "".join(f"{json.dumps(line)}\n" for line in lines)
    done = subprocess.run(
        [program, file, *options], input=given, capture_output=True, encoding="utf-8", check=False
    )
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


@pytest.fixture
def program(gcc: Path) -> Path:
    """What tokenizes without a bundle."""
    return gcc / "tests" / "edgeattn-tokens"


def saved(made: Tokenizer, folder: Path) -> Path:
    """Return the file of a tokenizer."""
    made.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_of_rare_scripts_are_those_of_tokenizers(kind: str, program: Path, tmp_path: Path) -> None:
    made, given = tokenizer(kind), texts(seed=len(kind), count=400)
    file = saved(made, tmp_path)
    expected = [made.encode(text) for text in given]
    found = ask(program, file, given)
    assert [(one["ids"], one["types"]) for one in found if "ids" in one] == [
        (one.ids, one.type_ids) for one in expected if one.ids
    ]
    rows = [one.ids for one in expected]
    decoded = ask(program, file, rows)
    assert [one["text"] for one in decoded] == [made.decode(row) for row in rows]
    whole = [one for one in decoded if "\ufffd" not in one["text"]]
    assert len(whole) > len(rows) / 4
    assert ["".join(one["pieces"]) for one in whole] == [one["text"] for one in whole]


@pytest.mark.parametrize("longest", [3, 8, 21])
@pytest.mark.parametrize("kind", ["BERT", "RoBERTa", "T5", "StarCoder"])
def test_the_last_tokens_are_cut(kind: str, longest: int, program: Path, tmp_path: Path) -> None:
    made, given = tokenizer(kind), texts(seed=1, count=100)
    file = saved(made, tmp_path)
    lengths = [len(made.encode(text).ids) for text in given]
    made.enable_truncation(longest)
    found = ask(program, file, given, str(longest))
    assert [one.get("ids", []) for one in found] == [made.encode(text).ids for text in given]
    assert [one.get("cut", False) for one in found] == [length > longest for length in lengths]


def test_a_longest_without_room_is_refused(program: Path, tmp_path: Path) -> None:
    (refusal,) = ask(program, saved(tokenizer("BERT"), tmp_path), [], "2")
    assert "longest: 2 found, more than its 2 special tokens expected" in refusal["refused"]


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("normalizer", {"type": "Rot13"}, "normalizer: Rot13 is not known"),
        ("pre_tokenizer", {"type": "UnicodeScripts"}, "pre_tokenizer: UnicodeScripts is not known"),
        ("decoder", {"type": "Rot13"}, "decoder: Rot13 is not known"),
        ("post_processor", {"type": "Pairs"}, "post_processor: Pairs is not known"),
        (
            "post_processor",
            {
                "type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}],
                "pair": [],
                "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": []}},
            },
            "a special token without a token for each of its ids",
        ),
        ("model", {"type": "Neural", "vocab": {}}, "model: Neural is not known"),
        ("model", {"type": "BPE", "vocab": {}, "merges": [], "dropout": 0.5}, "model BPE: a dropout"),
        (
            "normalizer",
            {"type": "Sequence", "normalizers": [{"type": "Strip"}]},
            "normalizer Strip: 'strip_left'",
        ),
        (
            "pre_tokenizer",
            {"type": "Split", "pattern": {"Regex": r"(a)\1"}, "behavior": "Isolated", "invert": False},
            r"a regular expression with \1",
        ),
        (
            "decoder",
            {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 17},
            "makes 17 bytes of one found, at most 16 expected",
        ),
    ],
)
def test_what_is_not_covered_is_named(
    key: str, value: Any, named: str, program: Path, tmp_path: Path
) -> None:
    table = json.loads(tokenizer("BERT").to_str())
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps({**table, key: value}), "utf-8")
    (refusal,) = ask(program, file, [])
    assert named in refusal["refused"]


def test_a_text_is_as_long_as_the_specification_says(program: Path, tmp_path: Path) -> None:
    file = saved(tokenizer("BERT"), tmp_path)
    longest, longer = ask(program, file, ["é" * 2**19, "é" * 2**19 + "a"], "8")
    assert len(longest["ids"]) == 3
    assert longer["error"].startswith("text: 1048577 bytes found")
    made = tokenizer("BERT")
    made.normalizer = normalizers.Sequence([normalizers.Replace("a", "b" * 64)])
    fits, beyond = ask(program, saved(made, tmp_path), ["a" * 2**17, "a" * (2**17 + 1)], "8")
    assert "ids" in fits
    assert "131073 bytes found, at most 131072 expected" in beyond["error"]


@pytest.mark.parametrize("kind", ["BERT", "GPT-2", "Llama 2", "Llama 3", "o200k", "T5", "Marian", "CLIP"])
@pytest.mark.parametrize("part", ["a", " ", "the of ", "漢", "e\u0301", "'s ", "\n "])
def test_time_grows_with_the_text_alone(kind: str, part: str, program: Path, tmp_path: Path) -> None:
    file = saved(tokenizer(kind), tmp_path)
    half, whole = (part * (size // len(part.encode())) for size in (2**17, 2**18))
    slow, slower = ask(program, file, [half, whole], "64", "--once")
    assert slower["seconds"] < 6 * slow["seconds"] + 0.2  # twice as long


def test_the_precompiled_map_of_characters(program: Path, tmp_path: Path) -> None:
    from charsmap import charsmap

    made = tokenizer("Marian")
    mapped = {
        "\uff21": "A",
        "\ufb01": "fi",
        "\u3000": " ",
        "\t": " ",
        "e\u0301": "é",
        "①": "1",
        "\u00ad": "",
        "\r\n": "\n",
    }
    made.normalizer = normalizers.Precompiled(charsmap(mapped))
    draw = [
        "\uff21\u0301",
        "\uff21\uff21",
        "e\u0301x",
        "e\u0301\u0301",
        "①\ufe0f",
        "\u0600①",
        "a\r\nb",
        "\r\n\u0301",
        "©\u200d①",
        "\u00ad\u00ad",
        "",
        "\ufb01\t\u3000",
    ]
    given = [*draw, *(a + b + c for a in draw for b in draw for c in ("", "the")), *texts(seed=5, count=300)]
    found = ask(program, saved(made, tmp_path), given)
    assert [one.get("ids", []) for one in found] == [made.encode(text).ids for text in given]


# Written with as many digits as doubles are, with more, with an exponent, and beyond 64 bits.
WRITTEN = ("-{0}.{1:016}", "-{0}.{1:025}", "-{1}{0}e-16", "-0.000{1:018}{0}E4", "-{1}{0}{1}.{1}")


@pytest.mark.parametrize("written", WRITTEN)
def test_ways_to_cut_that_rounding_decides_between(written: str, program: Path, tmp_path: Path) -> None:
    draw = random.Random(3)
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 200)]
    tokens = [token for letter in letters for token in (letter, 2 * letter)]
    scores = [written.format(draw.randrange(1, 10), draw.randrange(10**15, 10**16)) for _ in tokens]
    table = json.loads(Tokenizer(models.Unigram([("?", -99.5)], unk_id=0)).to_str())
    table["model"]["vocab"] += [[token, f"score {i}"] for i, token in enumerate(tokens)]
    text = json.dumps(table)
    for i, score in enumerate(scores):
        text = text.replace(f'"score {i}"', score)
    file = tmp_path / "tokenizer.json"
    file.write_text(text, "utf-8")
    made = Tokenizer.from_file(str(file))
    given = [letters[0] + letter * count for letter in letters[1:] for count in range(1, 16, 2)]
    assert [one["ids"] for one in ask(program, file, given)] == [made.encode(text).ids for text in given]


@pytest.mark.parametrize("truncation", ["longest_first", "only_first", "only_second"])
@pytest.mark.parametrize("kind", ["BERT", "RoBERTa", "GPT-2", "T5"])
def test_pairs_are_put_together_and_cut_as_tokenizers_does(
    kind: str, truncation: str, program: Path, tmp_path: Path
) -> None:
    made, given = tokenizer(kind), texts(seed=2, count=120)
    file = saved(made, tmp_path)
    pairs = list(zip(given, given[7:] + given[:7], strict=True))
    for longest in (9, 32):
        made.enable_truncation(longest, strategy=truncation)
        found = ask(program, file, pairs, str(longest), truncation)
        for pair, one in zip(pairs, found, strict=True):
            try:
                expected = made.encode(*pair)
            except Exception:  # its only class
                assert "give a part of it" in one["error"]
                continue
            if expected.ids:
                assert (one["ids"], one["types"]) == (expected.ids, expected.type_ids)
                assert one["cut"] == bool(expected.overflowing)


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_lie_where_tokenizers_has_them(kind: str, program: Path, tmp_path: Path) -> None:
    made, given = tokenizer(kind), [*PLAIN, *SENTENCES]
    found = ask(program, saved(made, tmp_path), given)
    own = OpenTokenizer(made, Growth(1, 1))
    for text, one in zip(given, found, strict=True):
        if "ids" not in one:
            continue
        encoded = encode(own, text)
        spans = [
            span if span is None else [span.begin, span.end]
            for span, special in zip(encoded.spans(), made.encode(text).special_tokens_mask, strict=True)
            if not special
        ]
        assert one["ranges"] == spans


# Blanks, marks of their own and precomposed, signs of two code points, and unknown ones.
PLAIN = (
    "The quick brown fox, 1999: don't you'd “quote” it is—naïve café; e\u0301te\u0301 Büro.",
    "  two  blanks\tand\nlines ",
    "emoji 👍🏽 and 👩‍👩‍👧 flags 🇩🇪!",
)
