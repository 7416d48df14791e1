from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_runtime import InputError, Model, generate, generate_text, load
from edgeattn_runtime.decoding.text import decoded

PROMPT, IDS = "w4 w7 w1", [4, 7, 1]
MOST = 10  # new tokens


@pytest.fixture(scope="module")
def model(words: Path) -> Model:
    return load(words)


@pytest.fixture(scope="module")
def whole(model: Model) -> str:
    """What it says without a stop."""
    return model.decode(generate(model, IDS, max_new_tokens=MOST))


def test_a_text_is_continued_as_its_tokens_are(model: Model, words: Path, whole: str) -> None:
    pieces = list(generate_text(model, PROMPT, max_new_tokens=MOST))
    assert len(pieces) == MOST
    assert "".join(pieces) == whole
    assert "".join(generate_text(words, IDS, max_new_tokens=MOST)) == whole


def test_a_text_ends_before_a_stop_that_several_tokens_hold(model: Model, whole: str) -> None:
    stop = whole[4:11]  # from within one word to within another
    pieces = generate_text(model, PROMPT, max_new_tokens=MOST, stop_strings=[stop, "never there"])
    assert "".join(pieces) == whole[: whole.index(stop)]


@given(st.lists(st.text("w 0123456789", min_size=1, max_size=6), max_size=3))
def test_the_first_stop_of_any_counts(model: Model, whole: str, stops: list[str]) -> None:
    pieces = list(generate_text(model, PROMPT, max_new_tokens=MOST, stop_strings=stops))
    assert (
        "".join(pieces) == whole[: min((whole.find(stop) for stop in stops if stop in whole), default=None)]
    )
    assert "" not in pieces


def test_characters_of_several_tokens_come_whole(conformance: Path) -> None:
    bytes_of_text = load(conformance / "bytes.edge")
    text = "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve \N{GRINNING FACE}!"
    ids = bytes_of_text.prepare(text=text)
    tokens = next(iter(ids.values()))[0].tolist()
    pieces = list(decoded(bytes_of_text, tokens))
    assert "".join(pieces) == bytes_of_text.decode(tokens)
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in pieces)


@pytest.mark.parametrize(
    ("stops", "what"), [("x", "str"), (3, "int"), (["a", ""], "[1]: ''"), ([b"a"], "[0]: b'a'")]
)
def test_stops_that_are_none_are_refused_at_once(model: Model, stops: list[str], what: str) -> None:
    with pytest.raises(InputError, match="stop_strings") as told:
        generate_text(model, PROMPT, stop_strings=stops)
    assert what in str(told.value)


def test_a_bundle_without_a_tokenizer_is_refused_at_once(decoder: Model) -> None:
    with pytest.raises(InputError):
        generate_text(decoder, [1])
