"""A session changes no answer, and computes nothing twice."""

from __future__ import annotations

from itertools import islice, zip_longest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_runtime import GenerationSession, InputError, Model, generate

PROMPTS = st.lists(st.lists(st.integers(0, 15), min_size=1, max_size=16), min_size=1, max_size=4)


@given(PROMPTS)
def test_every_prompt_is_answered_as_without_a_session(decoder: Model, prompts: list[list[int]]) -> None:
    session = GenerationSession(decoder)
    for prompt in prompts:
        assert list(generate(decoder, prompt, session=session)) == list(generate(decoder, prompt))


def test_a_turn_feeds_what_is_new(decoder: Model, calls: list[list[int]]) -> None:
    session = GenerationSession(decoder)
    answer = list(generate(decoder, [4, 7, 1], max_new_tokens=3, session=session))
    assert calls == [[4, 7, 1], [answer[0]], [answer[1]]]
    calls.clear()
    text = [4, 7, 1, *answer, 2, 9]
    list(generate(decoder, text, max_new_tokens=1, session=session))
    assert calls == [[answer[2], 2, 9]]  # the last token of an answer is never fed before
    calls.clear()
    list(generate(decoder, [4, 7, 5], max_new_tokens=1, session=session))
    assert calls == [[5]]
    calls.clear()
    list(generate(decoder, [4, 7], max_new_tokens=1, session=session))
    assert calls == [[7]]  # the logits behind it are computed anew


def test_answers_that_go_on_at_the_same_time_are_right(decoder: Model) -> None:
    session, prompts = GenerationSession(decoder), ([4, 7, 1], [4, 7, 9])
    both = [islice(generate(decoder, prompt, session=session), 6) for prompt in prompts]
    found = list(zip_longest(*both))
    assert found == list(zip_longest(*(islice(generate(decoder, prompt), 6) for prompt in prompts)))


def test_an_answer_that_is_left_alone_leaves_the_session_usable(decoder: Model) -> None:
    session = GenerationSession(decoder)
    next(generate(decoder, [4, 7, 1], session=session))
    with pytest.raises(InputError, match="no token found"):
        generate(decoder, [], session=session)
    assert list(generate(decoder, [4, 7], session=session)) == list(generate(decoder, [4, 7]))


def test_a_session_is_of_one_loaded_model(decoder: Model, conformance: Path) -> None:
    session = GenerationSession(conformance / "decoder.edge")
    for other in (decoder, conformance / "decoder.edge"):
        with pytest.raises(InputError, match="session: one of another model found"):
            generate(other, [1], session=session)
    assert list(generate(session.model, [1], session=session)) == list(generate(decoder, [1]))


def test_an_encoder_decoder_has_none(encoder_decoder: Model) -> None:
    with pytest.raises(InputError, match="session: an encoder-decoder found"):
        GenerationSession(encoder_decoder)


def test_what_generates_nothing_has_none(conformance: Path) -> None:
    with pytest.raises(InputError, match="no 'generation'"):
        GenerationSession(conformance / "good.edge")
