"""Texts in and out of generation, asked for by ctypes, of a decoder of sixteen words."""

from __future__ import annotations

import ctypes
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from listing import relist

from edgeattn_runtime import generate, load

MOST = 10  # new tokens
PROMPT, IDS = "w4 w7 w1", [4, 7, 1]
INPUT_ERROR = 1
ON_TEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_void_p] * 2)

Answer = Callable[..., tuple[list[int], str, list[str]]]


class Ids(ctypes.Structure):
    """edgeattn_ids."""

    _fields_ = (("ids", ctypes.POINTER(ctypes.c_int64)), ("count", ctypes.c_size_t))


class Text(ctypes.Structure):
    """edgeattn_text."""

    _fields_ = (("bytes", ctypes.c_char_p), ("size", ctypes.c_size_t))


class Prompt(ctypes.Structure):
    """edgeattn_prompt."""

    _fields_ = (("size", ctypes.c_size_t), ("tokens", Ids), ("text", Text), ("sources", ctypes.c_void_p))


class Hypothesis(ctypes.Structure):
    """edgeattn_hypothesis."""

    _fields_ = (
        ("tokens", Ids),
        ("score", ctypes.c_double),
        ("text", ctypes.c_void_p),
        ("text_size", ctypes.c_size_t),
    )


class Options(ctypes.Structure):
    """edgeattn_generate_options."""

    _fields_ = (
        ("size", ctypes.c_size_t),
        ("deadline_ms", ctypes.c_int64),
        ("cancellation", ctypes.c_void_p),
        ("stop_strings", ctypes.POINTER(Text)),
        ("stop_string_count", ctypes.c_size_t),
        ("on_token", ctypes.c_void_p),
        ("on_text", ON_TEXT),
        ("context", ctypes.c_void_p),
        ("session", ctypes.c_void_p),
        ("start", Ids),
        ("stop", Ids),
        ("stop_sequences", ctypes.c_void_p),
        ("stop_sequence_count", ctypes.c_size_t),
        ("max_new_tokens", ctypes.c_int64),
        ("num_beams", ctypes.c_int64),
        ("num_return_sequences", ctypes.c_int64),
        ("length_penalty", ctypes.c_double),
        ("early_stopping", ctypes.c_int),
        ("repetition_penalty", ctypes.c_double),
        ("temperature", ctypes.c_double),
        ("top_k", ctypes.c_int64),
        ("top_p", ctypes.c_double),
        ("seed", ctypes.c_int64),
    )


@pytest.fixture(scope="module")
def answer(gcc: Path, words: Path) -> Answer:
    """Continues the prompt by the words of a decoder."""
    return _answering(gcc, words)


def _answering(gcc: Path, bundle: Path) -> Answer:
    """Return what continues the prompt.

    It answers by tokens, text and the pieces that were heard, or by the status and the message.
    """
    library: Any = ctypes.CDLL(str(gcc / "tests" / "libedgeattn-shared.so"))
    library.edgeattn_answers_get.restype = ctypes.POINTER(ctypes.POINTER(Hypothesis))
    library.edgeattn_error_message.restype = ctypes.c_char_p
    model, error, answers = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    assert library.edgeattn_load(str(bundle).encode(), None, ctypes.byref(model), None) == 0

    session = ctypes.c_void_p()
    assert library.edgeattn_session_new(model, ctypes.byref(session), None) == 0

    def answered(
        *stops: str, beams: int = 1, most_pieces: int | None = None, in_session: bool = False
    ) -> Any:
        heard: list[str] = []

        def hear(piece: int, size: int, _context: object, _error: object) -> int:
            heard.append(ctypes.string_at(piece, size).decode())
            return int(len(heard) != most_pieces)

        texts = (Text * len(stops))(*((stop.encode(), len(stop.encode())) for stop in stops))
        options = Options(
            size=ctypes.sizeof(Options),
            deadline_ms=-1,
            max_new_tokens=MOST,
            top_k=-1,
            top_p=-math.inf,
            repetition_penalty=1,
            seed=-1,
            stop_strings=texts if stops else None,
            stop_string_count=len(stops),
            num_beams=beams,
            num_return_sequences=1,
            length_penalty=1,
            on_text=ON_TEXT(hear) if beams == 1 else ON_TEXT(),
            session=session if in_session else None,
        )
        given = (
            Prompt(size=ctypes.sizeof(Prompt), text=Text(PROMPT.encode(), len(PROMPT))),
            options,
            answers,
            error,
        )
        prompt, settings, found, refused = map(ctypes.byref, given)
        status = library.edgeattn_generate(model, prompt, ctypes.c_size_t(1), settings, found, refused)
        if status:
            return status, library.edgeattn_error_message(error).decode()
        best = library.edgeattn_answers_get(answers, ctypes.c_size_t(0), None)[0].contents
        return (
            best.tokens.ids[: best.tokens.count],
            ctypes.string_at(best.text, best.text_size).decode(),
            heard,
        )

    return answered


def test_a_text_is_continued_as_its_tokens_are(answer: Answer, words: Path) -> None:
    tokens = list(generate(words, IDS, max_new_tokens=MOST))
    text = load(words).decode(tokens)
    found, answered, heard = answer()
    assert (found, answered) == (tokens, text)
    assert len(heard) == MOST
    assert "".join(heard) == text
    assert answer(beams=2)[1] == load(words).decode(answer(beams=2)[0])


def test_a_session_answers_a_text_as_without(answer: Answer) -> None:
    whole = answer()
    assert answer(in_session=True) == answer(in_session=True) == whole
    assert answer(whole[1][4:11], in_session=True) == answer(whole[1][4:11])
    status, message = answer(beams=2, in_session=True)
    assert status == INPUT_ERROR
    assert message.startswith("session: found with 1 prompts and 2 beams")


def test_a_text_ends_before_a_stop_that_several_tokens_hold(answer: Answer) -> None:
    _, whole, _ = answer()
    stop = whole[4:11]  # from within one word to within another
    tokens, text, heard = answer(stop, "never there")
    assert text == whole[: whole.index(stop)]
    assert "".join(heard) == text
    assert len(tokens) < MOST


def test_a_text_may_hold_nuls(gcc: Path, words: Path, tmp_path: Path) -> None:
    bundle = shutil.copytree(words, tmp_path / "nuls.edge")
    vocabulary = bundle / "tokenizer.json"
    of_nuls = re.sub(r'"w(?!(?:[147]|0)")(\d+)":', r'"w\1\\u0000":', vocabulary.read_text("utf-8"))
    vocabulary.write_text(of_nuls, "utf-8")
    relist(bundle, "tokenizer.json")
    tokens, text, heard = _answering(gcc, bundle)()
    assert "\0" in text[:-1]
    assert text == load(bundle).decode(tokens)
    assert "".join(heard) == text


def test_who_hears_a_text_may_end_it(answer: Answer) -> None:
    tokens, text, heard = answer(most_pieces=2)
    assert len(tokens) == len(heard) == 2
    assert text == "".join(heard)


def test_stops_that_are_none_are_refused(answer: Answer) -> None:
    assert answer("")[0] == INPUT_ERROR
    assert answer("x", beams=2)[0] == INPUT_ERROR
