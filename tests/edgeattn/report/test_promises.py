from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeattn.report.promises import promises, role
from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.bundle.rows import Padding, Rows, Stack
from edgeattn_runtime.bundle.session_settings import SessionSettings

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"


def read(name: str) -> Manifest:
    return Manifest.from_json((CONFORMANCE / f"{name}.edge" / "manifest.json").read_text())


def told(manifest: Manifest) -> dict[str, str]:
    """Return what is said of the first variant."""
    return promises(manifest, manifest.variants[0])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("encoder-decoder", "token by token, as an encoder-decoder; "),
        ("decoder", "token by token, as a decoder; "),
        ("decoder", " tokens at most in all"),
    ],
)
def test_what_generates_says_how(name: str, words: str) -> None:
    said = told(read(name))
    assert words in said["Generates"]
    assert "Rows" not in said


def test_what_is_prepared_is_said_where_anything_is() -> None:
    said = told(read("processed"))["Prepares"]
    assert said == "text by tokenizer.json into tokens, mask, 16 tokens at most; 8 labels for embedding"
    assert told(read("nearest"))["Prepares"] == "L image of 8 x 8 into pixels"
    assert "Prepares" not in told(read("good"))


def test_graphs_have_roles_where_they_generate() -> None:
    generation = read("encoder-decoder").generation
    assert generation is not None
    assert role(generation.decoder, generation) == "the decoder"
    assert role(str(generation.encoder), generation) == "the encoder"
    assert role("lookup", None) == "lookup"


@pytest.mark.parametrize(
    ("rows", "stacks", "words"),
    [
        (
            Rows("batch", Padding("mask", 0)),
            (Stack({"sequence": 18}, 8), Stack({"sequence": 52}, 1)),
            "independent, padding (mask) stripped; 8 in a call up to sequence 18; larger inputs run singly",
        ),
        (Rows("batch", None), (Stack({}, 8),), "independent; 8 in a call"),
        (Rows("batch", None), (), "independent; run one by one"),
        (None, (), "not known to be independent: run as they are given"),
    ],
)
def test_rows_say_how_many_run_in_a_call(rows: Rows | None, stacks: tuple[Stack, ...], words: str) -> None:
    good = read("good")
    assert promises(replace(good, rows=rows), replace(good.variants[0], stacks=stacks))["Rows"] == words


def test_a_session_says_what_it_was_set_to() -> None:
    good, session = read("good"), SessionSettings(threads=2, spinning=False, arena=False)
    words = promises(good, replace(good.variants[0], session=session))
    assert words["Session"] == "2 threads, no spinning, no arena, memory pattern"


def test_a_variant_says_what_it_needs_and_where_it_was_measured() -> None:
    good = read("good")
    variant = good.variants[0]
    said = promises(good, replace(variant, measured=None))
    assert (said["Target"], said["Engine"]) == (variant.target, str(variant.engine))
    assert "Sizes" not in said
    assert said["Measured"] != promises(good, replace(variant, measured="an abacus"))["Measured"]


def test_a_bucket_says_which_sizes_it_fixes() -> None:
    buckets = read("buckets")
    fixed = next(variant for variant in buckets.variants if variant.sizes)
    sizes = promises(buckets, fixed)["Sizes"]
    assert all(f"{symbol} {size}" in sizes for symbol, size in fixed.sizes.items())
